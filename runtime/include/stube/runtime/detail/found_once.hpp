#pragma once

#include <atomic>
#include <cstddef>

namespace stube::detail {

/// A number that is computed on first use and kept beside an immutable value. A copy computes its
/// own. Threads: any. Two threads may compute it at the same time, with the same result.
class found_once {
public:
    found_once() = default;
    found_once(const found_once&) {}

    found_once& operator=(const found_once&) {
        number_ = 0;
        return *this;
    }

    /// 0: not computed yet.
    std::size_t get() const { return number_.load(std::memory_order_relaxed); }

    void set(std::size_t number) const { number_.store(number, std::memory_order_relaxed); }

private:
    mutable std::atomic<std::size_t> number_ = 0;
};

}  // namespace stube::detail
