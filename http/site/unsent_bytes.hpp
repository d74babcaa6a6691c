#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace stube::http {

/// Counts the bytes that the connections of a server hold because their peers do not read.
/// Threads: any.
class unsent_bytes {
public:
    explicit unsent_bytes(std::size_t limit) : limit_(limit) {}

    void add(std::size_t more) {
        const std::size_t now = bytes_ += more;
        if (now > limit_ && on_exceeded) on_exceeded();
    }

    void remove(std::size_t less) { bytes_ -= less; }

    std::size_t bytes() const { return bytes_; }

    bool exceeds_limit() const { return bytes_ > limit_; }

    /// Called when an addition exceeds the limit; must not block. Set before the threads start.
    std::function<void()> on_exceeded;

private:
    const std::size_t limit_;
    std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace stube::http
