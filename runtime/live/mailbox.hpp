#pragma once

#include "runtime/live/mutex.hpp"
#include "runtime/live/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>

namespace stube::live {

/// The operations that wait for one conversation. While an operation runs, the mailbox is held. The
/// thread that makes the mailbox held runs operations until `take_next` returns nothing.
/// Threads: any.
class mailbox {
public:
    /// Makes a free mailbox held. Returns false if it is held already.
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
        behind,   ///< the mailbox was held: the operation waits in the queue
        dropped,  ///< too many messages wait
        dropped_as_first  ///< too many messages wait: the first drop since no message waited
    };

    /// Drops the operation only if it is a message and `max_messages` wait.
    appended append(operation op, std::size_t max_messages);

    /// Puts an operation at the front of the queue. Called by the holder.
    void put_back(operation op);

    /// Takes the first operation of the queue. If the queue is empty, frees the mailbox and returns
    /// nothing. Called by the holder.
    std::optional<operation> take_next();

private:
    void count_queued(origin from, int difference) STUBE_REQUIRES(mutex_);

    mutable mutex mutex_;
    std::list<operation> queue_ STUBE_GUARDED_BY(mutex_);
    std::uint32_t users_ STUBE_GUARDED_BY(mutex_) = 0;     ///< operations of users in the queue
    std::uint32_t messages_ STUBE_GUARDED_BY(mutex_) = 0;  ///< messages in the queue
    bool is_held_ STUBE_GUARDED_BY(mutex_) = false;
    bool has_dropped_ STUBE_GUARDED_BY(mutex_) = false;
};

}  // namespace stube::live
