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

/// The next due time of each conversation. The queue's thread, which starts with the first due
/// time, reports each conversation once when it is due.
///
/// A due time is measured by the steady clock from the moment at which it was set, so a change of
/// the system's clock does not delay it. If the system's clock is set ahead to the due time or past
/// it, the conversation is due at once.
/// Threads: any. `on_due` runs on the queue's thread or on that of `fire_due`, without a lock.
class timer_queue {
public:
    enum class watch {
        by_thread,
        by_hand,  ///< only `fire_due` reports: for tests with a clock of their own
    };

    using on_due = std::function<void(std::vector<std::string>)>;

    /// `source` must outlive the queue.
    timer_queue(const clocks& source, on_due report, watch mode)
        : clocks_(source), report_(std::move(report)), mode_(mode) {}

    ~timer_queue() { stop(); }

    /// Sets or replaces the due time of this id. Removes it if `due` is empty.
    void set(const std::string& id, std::optional<time_point> due);

    /// Reports all conversations that are due now; returns how many.
    std::size_t fire_due();

    /// The number of conversations with a due time.
    std::size_t size() const;

    /// Ends the thread. Nothing is reported after that. Idempotent.
    void stop();

private:
    using due_id = std::pair<steady_time, std::string_view>;

    struct entry {
        time_point due;
        steady_time steady_due;  ///< the due time by the steady clock
    };

    void run();
    std::vector<std::string> take_due() STUBE_REQUIRES(mutex_);
    void remove(const std::string& id) STUBE_REQUIRES(mutex_);
    steady_time steady_time_of(time_point due) const;
    void follow_clock() STUBE_REQUIRES(mutex_);

    const clocks& clocks_;
    const on_due report_;
    const watch mode_;
    mutable mutex mutex_;
    condition_variable changed_;
    std::unordered_map<std::string, entry> by_id_ STUBE_GUARDED_BY(mutex_);
    std::set<due_id> by_time_ STUBE_GUARDED_BY(mutex_);  ///< refers to the ids in by_id_
    /// The clock shift that the due times take into account.
    std::chrono::milliseconds shift_ STUBE_GUARDED_BY(mutex_) = {};
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    std::thread thread_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::live
