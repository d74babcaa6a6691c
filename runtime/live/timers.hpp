#pragma once

#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/timer_queue.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace stube::live {

/// Fires the timers of conversations, and repeats operations of no user that failed, with a
/// backoff. Threads: any; functions with a `held_entry` by the holder of the conversation.
class timers {
public:
    timers(map_context& context, registry& all, dispatcher& to);

    /// Enters in the queue when the conversation has to be woken next.
    void schedule(const held_entry& held);

    /// Enters a time that is known already.
    void schedule(const std::string& id, time_point due) { queue_.set(id, due); }

    /// The conversation is over.
    void remove(const held_entry& held);

    /// True if timers are to be fired, in the turn that the queue asked for. If not, because the
    /// conversation has changed since, the next time is entered.
    bool is_due(const held_entry& held);

    /// Records whether an operation of no user succeeded: after a failure the next attempt waits,
    /// twice as long each time.
    void record_attempt(const held_entry& held, const operation& op, status how);

    /// Begins what is due now; returns for how many conversations.
    std::size_t fire_due() { return queue_.fire_due(); }

    std::size_t size() const { return queue_.size(); }

    void stop() { queue_.stop(); }

private:
    void on_due(const std::vector<std::string>& ids);
    operation fire_operation();

    map_context& context_;
    registry& registry_;
    dispatcher& dispatcher_;
    timer_queue queue_;  // last: its thread uses the rest
};

}  // namespace stube::live
