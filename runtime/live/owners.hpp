#pragma once

#include "runtime/live/entry.hpp"
#include "runtime/live/mutex.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace stube::live {

/// The live conversations of each browser session.
/// Threads: any.
class owners {
public:
    /// True if the owner has `limit` conversations and none of them may be evicted.
    bool is_full(const std::string& owner, std::size_t limit) const;

    /// Adds a conversation. Returns the conversations of its owner that must be evicted for it, the
    /// one of the least worth first, and of equal worth the one that was idle for the longest time.
    /// They do not count any more.
    std::vector<entry_ptr> add(const entry_ptr& e, std::size_t limit);

    /// Counts a conversation for its owner, if it is still live.
    void count(const entry_ptr& e);

    /// Called after the state of the conversation has become `over`.
    void remove(const entry_ptr& e);

private:
    mutable mutex mutex_;
    std::unordered_map<std::string, std::vector<entry_ptr>> by_owner_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::live
