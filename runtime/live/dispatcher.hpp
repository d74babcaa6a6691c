#pragma once

#include "runtime/live/map_context.hpp"
#include "runtime/live/registry.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace stube::live {

/// Decides when an operation runs: at once, or in its turn behind the others of its conversation.
/// Threads: any.
class dispatcher {
public:
    /// Runs an operation on the calling thread; gives the entry back to `release` in the end.
    using run_operation = std::function<void(held_entry, operation)>;

    dispatcher(map_context& context, registry& all, run_operation run);

    /// For a conversation by its id. Without `owner` no owner is asked for. The operation runs on
    /// the calling thread if the conversation is free.
    void submit(std::string_view id, std::optional<std::string_view> owner, operation op);

    enum class queued {
        dropped,  ///< the conversation is over, or too many messages wait for it
        first,    ///< it was free: `drain` follows
        behind,
    };

    /// For operations of no user. They never run on the calling thread.
    queued enqueue(const entry_ptr& e, operation op);

    /// Runs what waits for these conversations, which `enqueue` found free, on their executors.
    void drain(const std::vector<entry_ptr>& free);

    /// Ends an operation: runs the next one on its own executor, or frees the conversation.
    void release(held_entry held);

private:
    using entries = std::shared_ptr<const std::vector<entry_ptr>>;

    void drain_on(executor& on, entries all, std::size_t from);

    map_context& context_;
    registry& registry_;
    const run_operation run_;
};

}  // namespace stube::live
