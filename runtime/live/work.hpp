#pragma once

#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/mutex.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/work_pool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace stube::live {

/// The result of background work, on its way to the conversation that started it.
struct work_result {
    std::string id;
    std::uint64_t number = 0;
    answer_value value = {};
    std::optional<failure> error = {};
    bool is_awaited = false;    ///< stop() waits until it is delivered
    bool is_abandoned = false;  ///< the component could not receive it: only the page shows it
};

/// The failure of work that a restart or a snapshot has interrupted.
work_result interrupted_work(const std::string& id, std::uint64_t number);

/// Counts the results that are under way, and waits for them.
/// Threads: any.
class in_flight {
public:
    void begin() {
        const mutex_lock lock(mutex_);
        ++count_;
    }

    void end() {
        const mutex_lock lock(mutex_);
        if (--count_ == 0) landed_.notify_all();
    }

    /// Waits until no result is under way, at most until `latest`. Returns false if some still are.
    bool wait(std::chrono::steady_clock::time_point latest) {
        mutex_lock lock(mutex_);
        while (count_ > 0) {
            if (!landed_.wait_until(lock, latest)) return count_ == 0;
        }
        return true;
    }

private:
    mutex mutex_;
    condition_variable landed_;
    std::size_t count_ STUBE_GUARDED_BY(mutex_) = 0;
};

/// Runs background work and delivers its results, each in a turn of its own.
/// Threads: any.
class work {
public:
    work(map_context& context, registry& conversations, dispatcher& to);

    void begin(const entry& e, kernel::command::work wanted);

    /// Delivers a result in a turn. If the turn cannot be saved, the result is delivered again
    /// later.
    void deliver(work_result result);

    work_pool::counts counts() const { return pool_.now(); }

    /// Starts no more work. Waits, at most for `conversation_options::work_timeout`, until running
    /// work has finished and its results are delivered.
    void stop();

private:
    using result_ptr = std::shared_ptr<const work_result>;

    void deliver_finished(const std::string& id, std::uint64_t number, work_pool::result&& done);
    operation delivery(const result_ptr& result);
    void deliver_later(const result_ptr& result);
    void fail_instead(const work_result& result);

    map_context& context_;
    registry& registry_;
    dispatcher& dispatcher_;
    in_flight results_;
    work_pool pool_;  // last: its threads use the rest
};

}  // namespace stube::live
