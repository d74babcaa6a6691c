#include "runtime/live/mailbox.hpp"

#include <utility>

namespace stube::live {

bool mailbox::try_hold() {
    const mutex_lock lock(mutex_);
    return !std::exchange(is_held_, true);
}

bool mailbox::is_held() const {
    const mutex_lock lock(mutex_);
    return is_held_;
}

mailbox::submitted mailbox::submit(operation& op, std::size_t max_waiting) {
    const mutex_lock lock(mutex_);
    if (!std::exchange(is_held_, true)) return submitted::held;
    if (users_ >= max_waiting) return submitted::refused;
    count_queued(op.from, 1);
    queue_.push_back(std::move(op));
    return submitted::queued;
}

mailbox::appended mailbox::append(operation op, std::size_t max_messages) {
    const mutex_lock lock(mutex_);
    if (op.from == origin::message && messages_ >= max_messages)
        return std::exchange(has_dropped_, true) ? appended::dropped : appended::dropped_as_first;
    count_queued(op.from, 1);
    queue_.push_back(std::move(op));
    return std::exchange(is_held_, true) ? appended::behind : appended::first;
}

void mailbox::put_back(operation op) {
    const mutex_lock lock(mutex_);
    count_queued(op.from, 1);
    queue_.push_front(std::move(op));
}

std::optional<operation> mailbox::take_next() {
    const mutex_lock lock(mutex_);
    std::optional<operation> next;
    is_held_ = !queue_.empty();
    if (is_held_) {
        next = std::move(queue_.front());
        queue_.pop_front();
        count_queued(next->from, -1);
    }
    if (messages_ == 0) has_dropped_ = false;
    return next;
}

void mailbox::count_queued(origin from, int difference) {
    if (from == origin::user) users_ += static_cast<std::uint32_t>(difference);
    if (from == origin::message) messages_ += static_cast<std::uint32_t>(difference);
}

}  // namespace stube::live
