#pragma once

#include "runtime/live/mutex.hpp"
#include "runtime/live/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>

namespace stube::live {

/// The operations that wait for one conversation, and whether one of them holds it. The thread for
/// which the mailbox became held runs operations until `take_next` returns nothing.
/// Threads: any.
class mailbox {
public:
    /// Makes a free mailbox held; false if it is held already.
    bool try_hold();

    bool is_held() const;

    enum class submitted {
        held,    ///< the mailbox was free: the caller holds it and runs the operation
        queued,  ///< the mailbox is held: the operation was moved into the queue
        refused  ///< too many operations of users wait
    };

    submitted submit(operation& op, std::size_t max_waiting);

    enum class appended {
        first,    ///< the mailbox was free: the caller holds it and takes the operation next
        behind,   ///< the mailbox was held
        dropped,  ///< too many messages wait
        dropped_as_first  ///< the same, and the first since messages were taken
    };

    /// Drops the operation only if it is a message and `max_messages` wait.
    appended append(operation op, std::size_t max_messages);

    /// By the holder: the operation is taken next.
    void put_back(operation op);

    /// By the holder. Nothing: the queue is empty, and the mailbox is free from now on.
    std::optional<operation> take_next();

private:
    void count(origin from, int difference) STUBE_REQUIRES(mutex_);

    mutable mutex mutex_;
    std::list<operation> queue_ STUBE_GUARDED_BY(mutex_);
    std::uint32_t users_ STUBE_GUARDED_BY(mutex_) = 0;     ///< in the queue
    std::uint32_t messages_ STUBE_GUARDED_BY(mutex_) = 0;  ///< likewise
    bool is_held_ STUBE_GUARDED_BY(mutex_) = false;
    bool has_dropped_ STUBE_GUARDED_BY(mutex_) = false;
};

}  // namespace stube::live
