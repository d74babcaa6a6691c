#pragma once

#include "runtime/live/committer.hpp"
#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/page_updates.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/timers.hpp"

namespace stube::live {

/// Runs an operation whose turn has come, from the first use of a loaded conversation to the
/// commit. Threads: the holder of the conversation.
class operation_runner {
public:
    struct parts {
        map_context& context;
        live::registry& registry;
        dispatcher& operations;
        page_updates& pages;
        live::timers& timers;
        live::committer& committer;
    };

    explicit operation_runner(parts to) : parts_(to) {}

    void run(held_entry held, operation op);

private:
    bool make_ready(const held_entry& held, operation& op);
    bool may_use(const held_entry& held, const operation& op) const;
    bool commit_preparation(held_entry& held, operation& op);
    void commit_before(held_entry held, operation op, kernel::any_cause first);
    void record_rollback(const held_entry& held, operation& op);
    void reply_with_view(const held_entry& held, operation& op);

    parts parts_;
};

}  // namespace stube::live
