#pragma once

#include "runtime/live/committer.hpp"
#include "runtime/live/dispatcher.hpp"
#include "runtime/live/indexer.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/mutex.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/removal_backoff.hpp"

#include <stube/store/store.hpp>
#include <stube/store/upkeep.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stube::live {

/// Deletes heads of the archive that are older than the component at the root of their page allows
/// (`keep_history`), and ended conversations that long after their end. Goes through the archive in
/// slices, the oldest heads first, and begins again six hours after the end.
/// Threads: `step` one at a time.
class retention {
public:
    struct parts {
        map_context& context;
        live::registry& registry;
        dispatcher& operations;
        live::committer& committer;
        removal_backoff& removals;
        live::indexer& indexer;
    };

    /// `storage` must outlive the object.
    retention(parts to, store& storage);

    /// See `conversation_map::trim_history`.
    std::size_t step();

private:
    /// The old heads of one conversation in a slice, the oldest first.
    struct candidate {
        std::string id;
        std::vector<storage::appended_head> heads;
    };

    struct deletion {
        storage::change wanted;
        std::optional<held_entry> held;  ///< empty for a conversation that has ended
    };

    /// The deletions of the step under way. A batch of the store has one change of a conversation.
    struct begun_deletions {
        std::vector<deletion> all;
        std::set<std::string> ids;
        std::size_t heads = 0;

        bool is_full() const;
    };

    bool may_begin();
    bool read_slice();
    std::vector<candidate> find_old(const storage::appended_heads& slice) const;
    std::optional<deletion> delete_old(const candidate& old);
    std::optional<deletion> trim_live(const candidate& old, const entry_ptr& e);
    std::optional<deletion> trim_ended(const candidate& old);
    std::optional<storage::change>
    trim_change(const candidate& old, std::chrono::days keep, std::uint64_t before) const;
    bool is_older(const storage::appended_head& head, std::chrono::days keep) const;
    void submit_all();
    void submit(deletion next);
    void mark_failed(const std::string& id);
    bool is_skipped(const std::string& id);

    parts parts_;
    storage::archive* const archive_;
    storage::archive_upkeep* const upkeep_;      ///< null if the store keeps no archive
    std::optional<std::chrono::days> shortest_;  ///< of all components; empty if all keep for ever
    begun_deletions begun_;
    std::uint64_t position_ = 0;              ///< where the next slice begins
    steady_time next_round_;                  ///< the first slice waits until then
    std::atomic<std::size_t> in_flight_ = 0;  ///< deletions that are being saved
    mutex mutex_;
    /// Conversations whose deletion failed in this round.
    std::set<std::string> failed_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::live
