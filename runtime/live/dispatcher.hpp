#pragma once

#include "runtime/live/map_context.hpp"
#include "runtime/live/registry.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace stube::live {

/// Decides when an operation runs: at once, or after the earlier operations of its conversation.
/// Threads: any.
class dispatcher {
public:
    /// Runs an operation on the calling thread. At its end, the entry must be passed to `release`.
    using run_operation = std::function<void(held_entry, operation)>;

    dispatcher(map_context& context, registry& conversations, run_operation run);

    /// Submits an operation for the conversation with this id. Without `from`, the owner is not
    /// checked. The operation runs on the calling thread if the conversation is free.
    void submit(std::string_view id, std::optional<visitor> from, operation op);

    enum class queued {
        dropped,  ///< the conversation is over, or too many messages wait for it
        first,    ///< the conversation was free: the caller must pass it to `drain`
        behind,   ///< an earlier operation holds the conversation
    };

    /// Adds an operation that no user has caused. It never runs on the calling thread.
    queued enqueue(const entry_ptr& e, operation op);

    /// Runs the operations of conversations that were free before `enqueue`, on their executors.
    void drain(const std::vector<entry_ptr>& free);

    /// Ends an operation: runs the next one on its own executor, or frees the conversation.
    void release(held_entry held);

private:
    using entries = std::shared_ptr<const std::vector<entry_ptr>>;

    void drain_on(executor& on, entries free, std::size_t from);

    map_context& context_;
    registry& registry_;
    const run_operation run_;
};

}  // namespace stube::live
