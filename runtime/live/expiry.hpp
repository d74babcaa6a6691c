#pragma once

#include "runtime/live/committer.hpp"
#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/removal_backoff.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace stube::live {

/// Deletes idle conversations. At a limit, evicts the conversations of the least worth.
/// Threads: any.
class expiry {
public:
    struct parts {
        map_context& context;
        live::registry& registry;
        dispatcher& operations;
        live::committer& committer;
        removal_backoff& removals;
    };

    explicit expiry(parts to) : parts_(to) {}

    /// See `conversation_map::reap`.
    std::size_t reap();

    /// Reserves room for a new conversation, until `arrived`. At the limit, evicts the oldest
    /// unused conversation. Returns false if all conversations were used.
    bool reserve();

    /// Ends a reservation. The new conversation is in the registry, or it was not made.
    void arrived() { --arriving_; }

    /// Counts a new conversation for its owner, and evicts the ones above the owner's limit.
    void add_to_owner(const entry_ptr& e);

private:
    using predicate = std::function<bool(const entry&)>;

    void remove(const entry_ptr& e, predicate wanted, std::string_view text, on_reply done);
    void evict_for_owner(const entry_ptr& e);
    bool evict_unused();
    void record_eviction(const entry& e, worth at_eviction, std::string_view why);

    parts parts_;
    std::atomic<std::size_t> arriving_ = 0;  ///< reserved, and not in the registry yet
    std::atomic<std::size_t> leaving_ = 0;   ///< being evicted
};

}  // namespace stube::live
