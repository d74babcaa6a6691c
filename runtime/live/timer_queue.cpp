#include "runtime/live/timer_queue.hpp"

#include <algorithm>
#include <chrono>

namespace stube::live {

namespace {

/// The thread notices after at most this time that the system's clock was set.
constexpr std::chrono::milliseconds longest_wait = std::chrono::seconds(1);

}  // namespace

void timer_queue::remove(const std::string& id) {
    auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    by_time_.erase({found->second.steady_due, found->first});
    by_id_.erase(found);
}

steady_time timer_queue::steady_time_of(time_point due) const {
    return clocks_.steady() + (due - clocks_.now());
}

/// If the system's clock was set ahead, conversations that are due by it become due.
void timer_queue::follow_clock() {
    const auto shift = clocks_.shift();
    if (shift > shift_) {
        by_time_.clear();
        for (auto& [id, waiting] : by_id_) {
            waiting.steady_due = std::min(waiting.steady_due, steady_time_of(waiting.due));
            by_time_.emplace(waiting.steady_due, id);
        }
    }
    shift_ = shift;
}

void timer_queue::set(const std::string& id, std::optional<time_point> due) {
    const mutex_lock lock(mutex_);
    remove(id);
    if (!due || stopping_) return;
    const auto steady_due = steady_time_of(*due);
    auto [added, is_new] = by_id_.emplace(id, timer_queue::entry{*due, steady_due});
    auto position = by_time_.emplace(steady_due, added->first).first;
    if (mode_ == watch::by_hand) return;
    if (!thread_.joinable()) {
        thread_ = std::thread([this] { run(); });
    } else if (position == by_time_.begin()) {
        changed_.notify_one();
    }
}

std::vector<std::string> timer_queue::take_due() {
    std::vector<std::string> due;
    follow_clock();
    const auto now = clocks_.steady();
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
        due.emplace_back(by_time_.begin()->second);
        remove(due.back());
    }
    return due;
}

std::size_t timer_queue::fire_due() {
    std::vector<std::string> due;
    {
        const mutex_lock lock(mutex_);
        if (stopping_) return 0;
        due = take_due();
    }
    const auto count = due.size();
    if (count > 0) report_(std::move(due));
    return count;
}

std::size_t timer_queue::size() const {
    const mutex_lock lock(mutex_);
    return by_id_.size();
}

void timer_queue::run() {
    mutex_lock lock(mutex_);
    while (!stopping_) {
        auto due = take_due();
        if (!due.empty()) {
            lock.unlock();
            report_(std::move(due));
            lock.lock();
        } else if (by_time_.empty()) {
            changed_.wait(lock);
        } else {
            const auto wait = by_time_.begin()->first - clocks_.steady();
            changed_.wait_for(lock, std::clamp(wait, std::chrono::milliseconds(1), longest_wait));
        }
    }
}

void timer_queue::stop() {
    std::thread ended;
    {
        const mutex_lock lock(mutex_);
        stopping_ = true;
        ended.swap(thread_);
    }
    changed_.notify_all();
    if (ended.joinable()) ended.join();
}

}  // namespace stube::live
