#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace stube {

/// Keeps what a stranger can cause from filling the log: a line of one kind is written at most once
/// a second, and the next one says how many were left out.
/// Threads: any.
class log_limit {
public:
    using time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

    /// How many lines were left out since the last one; nothing if this one is left out, too.
    std::optional<std::size_t> pass(time now) {
        std::lock_guard lock(mutex_);
        if (last_ && now - *last_ < std::chrono::seconds(1)) {
            ++left_out_;
            return std::nullopt;
        }
        last_ = now;
        return std::exchange(left_out_, 0);
    }

private:
    std::mutex mutex_;
    std::optional<time> last_;
    std::size_t left_out_ = 0;
};

}  // namespace stube
