#pragma once

#include "runtime/live/clocks.hpp"
#include "runtime/live/mutex.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stube::live {

/// Knows when each conversation wants to be woken next, and says so then, once. A thread of its own
/// waits for that; it begins with the first time that is set.
///
/// What is set is due after the time that is left then, whatever happens to the system's clock; and
/// at once when that clock is set ahead to it or past it.
/// Threads: any. `on_due` runs on the queue's thread, or on that of `fire_due`, and no lock is held
/// then.
class timer_queue {
public:
    enum class watch {
        by_thread,
        by_hand,  ///< only `fire_due` looks: for tests with a clock of their own
    };

    using on_due = std::function<void(std::vector<std::string>)>;

    /// `times` outlives it.
    timer_queue(const clocks& times, on_due tell, watch how)
        : clocks_(times), tell_(std::move(tell)), how_(how) {}

    ~timer_queue() { stop(); }

    /// In place of what was set for this id before; nothing: it is not to be woken.
    void set(const std::string& id, std::optional<time_point> due);

    /// Tells of all that are due now; returns how many.
    std::size_t fire_due();

    /// How many are set.
    std::size_t size() const;

    /// Ends the thread; nothing is told after that. Idempotent.
    void stop();

private:
    using due_id = std::pair<steady_time, std::string_view>;

    struct entry {
        time_point due;
        steady_time at;
    };

    void run();
    std::vector<std::string> take_due() STUBE_REQUIRES(mutex_);
    void remove(const std::string& id) STUBE_REQUIRES(mutex_);
    steady_time steady_time_of(time_point due) const;
    void follow_clock() STUBE_REQUIRES(mutex_);

    const clocks& clocks_;
    const on_due tell_;
    const watch how_;
    mutable mutex mutex_;
    condition_variable changed_;
    std::unordered_map<std::string, entry> by_id_ STUBE_GUARDED_BY(mutex_);
    std::set<due_id> by_time_ STUBE_GUARDED_BY(mutex_);  // the texts live in by_id_
    std::chrono::milliseconds shift_ STUBE_GUARDED_BY(mutex_) = {
    };  // of the clock, as it was known last
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    std::thread thread_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::live
