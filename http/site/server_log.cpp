#include "http/site/server_log.hpp"

#include "runtime/component/quote_for_log.hpp"
#include "runtime/live/mutex.hpp"

#include <spdlog/sinks/sink.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace stube::http {

namespace {

using steady = std::chrono::steady_clock;

constexpr auto rate_window = std::chrono::seconds(1);
constexpr std::size_t line_overhead = 96;  // memory of a queued line beside its text
constexpr std::size_t max_kinds = 64;      // more than the server has; all further kinds share one
constexpr std::size_t max_kind = 48;       // bytes
constexpr std::string_view other_kinds = "other";

std::string_view kind_of(std::string_view line) {
    return line.substr(0, std::min(line.find('='), max_kind));
}

std::string_view text_of(const spdlog::details::log_msg& message) {
    return {message.payload.data(), message.payload.size()};
}

/// Runs `body` on a thread that blocks all signals, so that the other threads of the program handle
/// them.
template <class Body>
std::thread without_signals(Body body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread made(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return made;
}

}  // namespace

/// The sink of the front logger, and the queue of the writing thread.
class server_log::line_queue final : public spdlog::sinks::sink {
public:
    line_queue(std::shared_ptr<spdlog::logger> to, const server_limits& limits)
        : target_(std::move(to)),
          max_queue_(limits.max_log_queue),
          max_line_(limits.max_log_line),
          max_rate_(limits.max_log_rate) {}

    void log(const spdlog::details::log_msg& message) override {
        if (!target_->should_log(message.level)) return;
        const live::mutex_lock lock(mutex_);
        if (is_ended_) return;
        const auto text = text_of(message);
        changed_.notify_all();
        if (message.level < spdlog::level::critical && !admit(kind_of(text), steady::now())) return;
        std::string kept(text.substr(0, max_line_));
        if (text.size() > max_line_) kept += "...";
        enqueue({message.level, message.time, std::move(kept)});
    }

    void flush() override {}

    void set_pattern(const std::string&) override {}

    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    /// Writes lines until `end` was called and the queue is empty.
    void write() {
        live::mutex_lock lock(mutex_);
        while (await_line(lock)) {
            const auto next = std::move(lines_.front());
            lines_.pop_front();
            size_ -= size_of(next);
            const auto overrun = std::exchange(overrun_, 0);
            lock.unlock();
            if (overrun > 0) write_overrun(overrun);
            write_line(next);
            lock.lock();
        }
        is_done_ = true;
        changed_.notify_all();
    }

    /// Returns false if the writing thread did not finish within `max_wait`.
    bool end(std::chrono::milliseconds max_wait) {
        live::mutex_lock lock(mutex_);
        is_ended_ = true;
        changed_.notify_all();
        const auto latest = steady::now() + max_wait;
        while (!is_done_ && changed_.wait_until(lock, latest)) {
        }
        return is_done_;
    }

    std::int64_t lost() const {
        const live::mutex_lock lock(mutex_);
        return lost_;
    }

private:
    struct line {
        spdlog::level::level_enum level;
        spdlog::log_clock::time_point time;
        std::string text;
    };

    /// Counts the lines of one kind within a second.
    struct window {
        steady::time_point begin;
        std::size_t lines = 0;
        std::size_t suppressed = 0;
    };

    using windows = std::map<std::string, window, std::less<>>;

    static std::size_t size_of(const line& one) { return one.text.size() + line_overhead; }

    void enqueue(line one) STUBE_REQUIRES(mutex_) {
        size_ += size_of(one);
        lines_.push_back(std::move(one));
        while (size_ > max_queue_ && lines_.size() > 1) {
            size_ -= size_of(lines_.front());
            lines_.pop_front();
            ++overrun_;
            ++lost_;
        }
    }

    windows::iterator window_of(std::string_view kind) STUBE_REQUIRES(mutex_) {
        const auto found = kinds_.find(kind);
        if (found != kinds_.end()) return found;
        const auto* name = kinds_.size() < max_kinds ? &kind : &other_kinds;
        return kinds_.try_emplace(std::string(*name)).first;
    }

    /// Returns false if there were too many lines of this kind within a second.
    bool admit(std::string_view kind, steady::time_point now) STUBE_REQUIRES(mutex_) {
        const auto at = window_of(kind);
        auto& of = at->second;
        if (now - of.begin >= rate_window) {
            close(at);
            of.begin = now;
        }
        if (of.lines < max_rate_) {
            ++of.lines;
            return true;
        }
        ++of.suppressed;
        ++suppressed_;
        ++lost_;
        return false;
    }

    /// Logs how many lines were suppressed in a window that is over.
    void close(windows::iterator at) STUBE_REQUIRES(mutex_) {
        const auto count = std::exchange(at->second, {}).suppressed;
        if (count == 0) return;
        suppressed_ -= count;
        enqueue(
            {spdlog::level::warn,
             spdlog::log_clock::now(),
             "log lines suppressed kind=" + quote_for_log(at->first) +
                 " count=" + std::to_string(count)}
        );
    }

    /// Closes windows that are over. Returns the end of the next window with suppressed lines.
    std::optional<steady::time_point> close_windows(steady::time_point now) STUBE_REQUIRES(mutex_) {
        std::optional<steady::time_point> next;
        if (suppressed_ == 0) return next;
        for (auto at = kinds_.begin(); at != kinds_.end(); ++at) {
            if (at->second.suppressed == 0) continue;
            const auto over = at->second.begin + rate_window;
            if (now >= over || is_ended_) {
                close(at);
            } else {
                next = std::min(next.value_or(over), over);
            }
        }
        return next;
    }

    /// Waits for a line. Returns false if the log has ended and the queue is empty.
    bool await_line(live::mutex_lock& lock) STUBE_REQUIRES(mutex_) {
        for (;;) {
            const auto next = close_windows(steady::now());
            if (!lines_.empty()) return true;
            if (is_ended_) return false;
            next ? static_cast<void>(changed_.wait_until(lock, *next)) : changed_.wait(lock);
        }
    }

    void write_overrun(std::size_t count) {
        write_line(
            {spdlog::level::warn,
             spdlog::log_clock::now(),
             "log lines lost count=" + std::to_string(count) +
                 " why=\"the log was not read in time\""}
        );
    }

    /// May block for ever.
    void write_line(const line& one) noexcept {
        try {
            target_->log(one.time, spdlog::source_loc(), one.level, one.text);
        } catch (...) {
            return;  // the application's logger threw: the error cannot be logged either
        }
    }

    const std::shared_ptr<spdlog::logger> target_;
    const std::size_t max_queue_;
    const std::size_t max_line_;
    const std::size_t max_rate_;

    mutable live::mutex mutex_;
    live::condition_variable changed_;
    std::deque<line> lines_ STUBE_GUARDED_BY(mutex_);
    std::size_t size_ STUBE_GUARDED_BY(mutex_) = 0;
    windows kinds_ STUBE_GUARDED_BY(mutex_);
    // The sum over `kinds_`.
    std::size_t suppressed_ STUBE_GUARDED_BY(mutex_) = 0;
    // The lines dropped since a line was last written.
    std::size_t overrun_ STUBE_GUARDED_BY(mutex_) = 0;
    std::int64_t lost_ STUBE_GUARDED_BY(mutex_) = 0;
    bool is_ended_ STUBE_GUARDED_BY(mutex_) = false;
    bool is_done_ STUBE_GUARDED_BY(mutex_) = false;
};

server_log::server_log(const std::shared_ptr<spdlog::logger>& to, const server_limits& limits)
    : lines_(std::make_shared<line_queue>(to, limits)),
      front_(std::make_shared<spdlog::logger>(to->name(), lines_)) {
    front_->set_level(spdlog::level::trace);  // the level of `to` decides
    writer_ = without_signals([lines = lines_] { lines->write(); });
}

server_log::~server_log() {
    finish();
}

void server_log::finish() {
    if (!writer_.joinable()) return;
    is_stuck_ = !lines_->end(max_finish_time);
    is_stuck_ ? writer_.detach() : writer_.join();
}

std::int64_t server_log::lost() const {
    return lines_->lost();
}

}  // namespace stube::http
