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
#include <optional>
#include <string>

namespace stube::live {

/// Commits outcomes of the kernel, in this order: save, publish, reply, run the outbox, begin the
/// next operation. Because of this order, a change is durable before anybody receives it.
/// Threads: the holder of the conversation. After the save, a commit continues on the operation's
/// executor.
class committer {
public:
    struct parts {
        map_context& context;
        live::registry& registry;
        dispatcher& operations;
        page_updates& pages;
        live::timers& timers;
        live::messages& messages;
        outbox_runner& outbox;
        removal_backoff& removals;
    };

    /// `storage` must outlive the committer. `on_down` is called once, on the writer's thread, when
    /// the state of the store becomes unknown.
    committer(parts to, store& storage, std::function<void(const std::string&)> on_down);

    /// Ends an operation with this result, which was computed with `env`. Releases the
    /// conversation, possibly on another thread.
    void
    commit(held_entry held, operation op, kernel::outcome result, const kernel::environment& env);

    /// Deletes a conversation without decoding it: a tombstone, or a conversation of another
    /// release. `on_removed` is called when the removal is durable.
    void remove_unread(held_entry held, std::function<void()> on_removed);

    /// Saves a change that concerns only the archive. Releases the conversation, if one is held,
    /// when the outcome is known, and then calls `done`.
    void save_upkeep(
        storage::change wanted,
        std::optional<held_entry> held,
        commit_writer::on_saved done
    );

    /// Begins to watch the place of the store. Called after loading.
    void watch_place();

    /// Saves all changes that wait. Later commits fail with `store_down`.
    void stop();

private:
    struct pending {
        held_entry held;
        operation op;
        kernel::outcome result;
    };

    bool needs_save(const session& s, const kernel::outcome& result) const;
    storage::change encode(
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
    void check_aliases(const held_entry& held, const kernel::outcome& result) const;
    void check_size(const session& s, kernel::outcome& result, bool is_encoded) const;
    void record_failure(
        const held_entry& held,
        const operation& op,
        const kernel::outcome& result,
        const kernel::environment& env
    ) const;
    void warn_not_durable(const held_entry& held, const conversation& next);
    void finish(pending done, save_result saved, const std::string& why);
    status settle(pending& done, save_result saved, const std::string& why);
    status publish(pending& done, bool was_new);
    void replace_value(pending& done);
    void record_use(const held_entry& held);
    void remove(const held_entry& held, bool was_new, std::shared_ptr<const update> last);

    parts parts_;
    store& storage_;
    storage::archive* const archive_;        ///< null if the store keeps no archive
    std::unique_ptr<commit_writer> writer_;  ///< null if the store keeps nothing
};

}  // namespace stube::live
