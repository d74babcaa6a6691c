#pragma once

#include "runtime/live/commit_writer.hpp"
#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/messages.hpp"
#include "runtime/live/outbox_runner.hpp"
#include "runtime/live/page_updates.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/removal_backoff.hpp"
#include "runtime/live/timers.hpp"

#include <stube/runtime/kernel.hpp>
#include <stube/store/store.hpp>

#include <functional>
#include <memory>
#include <string>

namespace stube::live {

/// Carries an outcome of the kernel to the store and then to everybody else: save, publish, reply,
/// outbox, next operation. The order is what makes a reply durable.
/// Threads: the holder of the conversation; the rest of a commit runs on the operation's executor.
class committer {
public:
    struct parts {
        map_context& context;
        registry& all;
        dispatcher& operations;
        page_updates& pages;
        live::timers& timers;
        live::messages& messages;
        outbox_runner& outbox;
        removal_backoff& removals;
    };

    /// `storage` outlives it. `on_down` is called once, on the writer's thread, when the store's
    /// state is not known any more.
    committer(parts to, store& storage, std::function<void(const std::string&)> on_down);

    /// The end of an operation, whose result was computed with `env`. Releases the conversation,
    /// possibly on another thread.
    void
    commit(held_entry held, operation op, kernel::outcome result, const kernel::environment& env);

    /// Deletes a conversation that has no value here: a tombstone, or one of another release.
    /// `on_removed` is called when that is durable.
    void remove_unread(held_entry held, std::function<void()> on_removed);

    /// The store has been loaded: its place is watched from now on.
    void watch_place();

    /// Saves what was committed. Later commits fail with `store_down`.
    void stop();

private:
    struct pending {
        held_entry held;
        operation op;
        kernel::outcome result;
    };

    bool needs_save(const session& s, const kernel::outcome& result) const;
    storage::change change_for(
        const held_entry& held,
        const operation& op,
        const kernel::outcome& result,
        const kernel::environment& env
    ) const;
    void archive_end(
        storage::change& removal,
        const held_entry& held,
        const kernel::any_cause& why,
        const kernel::outcome& result,
        const kernel::environment& env
    ) const;
    void check_size(const session& s, kernel::outcome& result, bool is_encoded) const;
    void warn_not_durable(const held_entry& held, const conversation& next);
    void finish(pending done, save_result saved, const std::string& why);
    status settle(pending& done, save_result saved, const std::string& why);
    status publish(pending& done, bool was_new);
    void take_value(pending& done);
    void record_use(const held_entry& held);
    void remove(const held_entry& held, bool was_new, std::shared_ptr<const update> last);

    parts parts_;
    store& storage_;
    const bool archives_;                    ///< true if the store keeps an archive
    std::unique_ptr<commit_writer> writer_;  ///< null if the store keeps nothing
};

}  // namespace stube::live
