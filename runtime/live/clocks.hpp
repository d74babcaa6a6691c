#pragma once

#include <stube/runtime/context.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

namespace stube::live {

/// Time that this process has seen pass. Nobody can set it.
using steady_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

/// The system's clock, which may be set at any time, beside the one that only goes on.
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

    /// The time as the system's clock would tell it if it had not been set since the process began.
    time_point undisturbed() const { return system_began_ + (steady() - steady_began_); }

    /// How far the system's clock has been set since the process began. Less than `least_shift` is
    /// how the two are read one after the other.
    std::chrono::milliseconds shift() const {
        const auto known = shift_.load();
        if (std::chrono::abs(now() - undisturbed() - known) < least_shift) return known;
        const auto before = undisturbed();
        const auto found = now() - before;
        // A thread that had to wait between the two has found out nothing.
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
