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

/// The next due time of each conversation. A thread of its own, which begins with the first due
/// time, reports each conversation once when it is due.
///
/// A conversation is due after the time that was left when it was set, whatever happens to the
/// system's clock; and at once when that clock is set ahead to the due time or past it.
/// Threads: any. `on_due` runs on the queue's thread or on that of `fire_due`, without a lock.
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

    /// Replaces the due time of this id. Without a value the id has none.
    void set(const std::string& id, std::optional<time_point> due);

    /// Reports all conversations that are due now; returns how many.
    std::size_t fire_due();

    /// The number of conversations with a due time.
    std::size_t size() const;

    /// Ends the thread; nothing is reported after that. Idempotent.
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
