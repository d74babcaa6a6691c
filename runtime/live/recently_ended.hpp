#pragma once

#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stube::live {

/// The data of a conversation that ended, for the reply to late events and pages.
struct ended_conversation {
    std::string owner;
    std::string mount;  ///< empty if the conversation was never decoded
    std::uint64_t revision = 0;
    std::vector<kernel::event_id> applied;  ///< see conversation::applied
    std::shared_ptr<const update> last;     ///< the last update of its pages; null once dropped
};

/// Conversations that ended a short while ago. A page that missed the end gets it from here, and
/// the second half of a double click is not an error. Threads: any.
class recently_ended {
public:
    /// Keeps the last 10,000 conversations, and the last updates of the last 1,000.
    void add(const std::string& id, ended_conversation ended);

    std::optional<ended_conversation> find(std::string_view id) const;

private:
    mutable mutex mutex_;
    std::unordered_map<std::string, ended_conversation> by_id_ STUBE_GUARDED_BY(mutex_);
    std::deque<std::string> order_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::live
