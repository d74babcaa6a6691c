#pragma once

#include "runtime/live_entry.hpp"

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace stube::live {

/// Which conversations are subscribed to which topic.
/// Threads: any; one at a time for each entry.
class topic_index {
public:
    /// `before` and `after` are sorted and hold no topic twice.
    void change(
        const entry_ptr& e,
        const std::vector<std::string>& before,
        const std::vector<std::string>& after
    ) {
        std::lock_guard lock(mutex_);
        for (const auto& topic : before) {
            if (!std::ranges::binary_search(after, topic)) leave(e, topic);
        }
        for (const auto& topic : after)
            subscribers_[topic].insert(e);
    }

    std::vector<entry_ptr> subscribers(std::string_view topic) const {
        std::lock_guard lock(mutex_);
        auto found = subscribers_.find(std::string(topic));
        if (found == subscribers_.end()) return {};
        return {found->second.begin(), found->second.end()};
    }

    /// How many topics have a subscriber.
    std::size_t size() const {
        std::lock_guard lock(mutex_);
        return subscribers_.size();
    }

private:
    void leave(const entry_ptr& e, const std::string& topic) {
        auto found = subscribers_.find(topic);
        if (found == subscribers_.end()) return;
        found->second.erase(e);
        if (found->second.empty()) subscribers_.erase(found);
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::unordered_set<entry_ptr>> subscribers_;
};

}  // namespace stube::live
