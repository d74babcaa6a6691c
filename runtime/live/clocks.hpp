#pragma once

#include <stube/runtime/context.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

namespace stube::live {

/// Time since the start of the process. It cannot be set.
using steady_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

/// The system's clock, which may be set at any time, and the steady clock.
/// Threads: any.
class clocks {
public:
    using system_clock = std::function<time_point()>;
    using steady_clock = std::function<std::chrono::steady_clock::time_point()>;

    clocks(system_clock system, steady_clock steady)
        : system_(std::move(system)),
          steady_(std::move(steady)),
          system_began_(now()),
          steady_began_(this->steady()) {}

    time_point now() const { return system_(); }

    steady_time steady() const { return std::chrono::floor<std::chrono::milliseconds>(steady_()); }

    steady_time began() const { return steady_began_; }

    /// The time of the system's clock as if it had not been set since the process began.
    time_point undisturbed() const { return system_began_ + (steady() - steady_began_); }

    /// How far the system's clock was set since the process began. Smaller differences than
    /// `least_shift` come from reading the two clocks one after the other.
    std::chrono::milliseconds shift() const {
        const auto known = shift_.load();
        if (std::chrono::abs(now() - undisturbed() - known) < least_shift) return known;
        const auto before = undisturbed();
        const auto found = now() - before;
        // After a long pause between the two readings, the difference is meaningless.
        if (undisturbed() - before > least_shift / 2) return known;
        if (std::chrono::abs(found - known) < least_shift) return known;
        shift_ = found;
        return found;
    }

private:
    static constexpr std::chrono::milliseconds least_shift{100};

    const system_clock system_;
    const steady_clock steady_;
    const time_point system_began_;
    const steady_time steady_began_;
    mutable std::atomic<std::chrono::milliseconds> shift_ = std::chrono::milliseconds(0);
};

}  // namespace stube::live
