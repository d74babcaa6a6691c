#pragma once

#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/timer_queue.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace stube::live {

/// Fires the timers of conversations, and retries failed timers and results with backoff.
/// Threads: any. Functions with a `held_entry` are for the holder of the conversation.
class timers {
public:
    timers(map_context& context, registry& conversations, dispatcher& to);

    /// Enters the conversation's next due time into the queue.
    void schedule(const held_entry& held);

    /// Enters a due time that is known already.
    void schedule(const std::string& id, time_point due) { queue_.set(id, due); }

    /// Removes the due time of a conversation that is over.
    void remove(const held_entry& held);

    /// Called when the due time of the conversation has come. Submits its retries. Returns true if
    /// a timer is due. Otherwise, because the conversation has changed since, enters its next due
    /// time.
    bool take_due(const held_entry& held);

    /// Records the result of an operation that no user has caused. After a failure, the next
    /// attempt waits, twice as long each time.
    void record_attempt(const held_entry& held, const operation& op, status result);

    /// Starts the operations of all conversations that are due. Returns their number.
    std::size_t fire_due() { return queue_.fire_due(); }

    std::size_t size() const { return queue_.size(); }

    void stop() { queue_.stop(); }

private:
    void enqueue_due(const std::vector<std::string>& ids);
    operation fire_operation();

    map_context& context_;
    registry& registry_;
    dispatcher& dispatcher_;
    timer_queue queue_;  // last: its thread uses the rest
};

}  // namespace stube::live
