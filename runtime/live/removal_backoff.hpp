#pragma once

#include "runtime/live/commit_writer.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/mutex.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace stube::live {

/// Delays the removal of idle conversations: after the start, after the system's clock was set, and
/// after the store has refused a removal. Threads: any.
class removal_backoff {
public:
    explicit removal_backoff(map_context& context);

    /// False during such a delay. Also checks whether the system's clock was set.
    bool may_remove();

    /// Records whether a removal was saved. After a refusal, the next attempt waits, twice as long
    /// each time.
    void record(save_result saved, const std::string& why);

private:
    map_context& context_;
    mutex mutex_;
    std::chrono::milliseconds clock_shift_ STUBE_GUARDED_BY(mutex_) = {};  ///< at the last check
    steady_time retry_at_ STUBE_GUARDED_BY(mutex_);
    std::uint8_t refusals_ STUBE_GUARDED_BY(mutex_) = 0;  ///< since the last saved removal
};

}  // namespace stube::live
