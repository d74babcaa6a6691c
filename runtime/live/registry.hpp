#pragma once

#include "runtime/live/entry.hpp"
#include "runtime/live/mutex.hpp"
#include "runtime/live/owners.hpp"
#include "runtime/live/recently_ended.hpp"
#include "runtime/live/unused_list.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stube::live {

/// All conversations by id and by owner, and a list of those that were never used.
/// Threads: any.
class registry {
public:
    /// Null if the registry does not have the id.
    entry_ptr find(std::string_view id) const;

    void add(const entry_ptr& e);

    /// Makes the conversation `over` and removes it. Returns false if it was over before. `last` is
    /// the last update of its pages.
    bool remove(const held_entry& held, std::shared_ptr<const update> last);

    /// Keeps the reply to late events and pages of a conversation that has ended.
    void remember_end(const held_entry& held, std::shared_ptr<const update> last);

    /// The reply to an operation on a conversation that is not live.
    reply refusal(const entry& e) const;

    /// The reply for an id that is not in the registry. If the conversation ended a short while
    /// ago, its owner receives its last update. Without `owner`, the owner is not checked.
    reply refusal(std::string_view id, std::optional<std::string_view> owner) const;

    std::size_t size() const { return size_; }

    /// The entries for which `wanted` is true. `wanted` is called while a shard is locked, so it
    /// must not call the registry.
    std::vector<entry_ptr> find_all(const std::function<bool(const entry_ptr&)>& wanted) const;

    /// Removes and returns all entries, for the destruction of the map. The locals of flows are
    /// destroyed with the entries, and their destructors are code of the application, which may
    /// call the map.
    std::vector<entry_ptr> take_all();

    owners& by_owner() { return owners_; }

    unused_list& unused() { return unused_; }

private:
    struct shard {
        mutable mutex guard;
        /// The keys refer to the ids in the entries.
        std::unordered_map<std::string_view, entry_ptr> entries STUBE_GUARDED_BY(guard);
    };

    shard& shard_of(std::string_view id) {
        return shards_[std::hash<std::string_view>()(id) % shards_.size()];
    }

    const shard& shard_of(std::string_view id) const {
        return shards_[std::hash<std::string_view>()(id) % shards_.size()];
    }

    std::array<shard, 64> shards_;
    std::atomic<std::size_t> size_ = 0;
    owners owners_;
    unused_list unused_;
    recently_ended ended_;
};

}  // namespace stube::live
