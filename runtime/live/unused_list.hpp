#pragma once

#include "runtime/live/mutex.hpp"

#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace stube::live {

struct entry;
using entry_ptr = std::shared_ptr<entry>;

/// Conversations that were never used, the oldest first. At the limit for all owners together, the
/// oldest one is evicted.
/// Threads: any.
class unused_list {
public:
    /// The place of a conversation in the list. Each entry has one; only the list reads it.
    class link {
        friend class unused_list;

        std::optional<std::list<entry_ptr>::iterator> place_;
    };

    void add(const entry_ptr& e);
    void remove(entry& e);

    /// Null if the list is empty.
    entry_ptr take_oldest();

private:
    mutex mutex_;
    std::list<entry_ptr> list_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::live
