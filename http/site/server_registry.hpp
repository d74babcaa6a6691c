#pragma once

#include <stube/runtime/conversation_map.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

/// The running servers of an app; `app::publish` publishes to all of them.
/// Threads: any.
class switchboard {
public:
    void add(live::conversation_map& one) {
        std::lock_guard lock(mutex_);
        servers_.push_back(&one);
    }

    /// When this returns, no message reaches `one` any more.
    void remove(live::conversation_map& one) {
        std::lock_guard lock(mutex_);
        std::erase(servers_, &one);
    }

    void publish(std::string_view topic, std::string_view message) {
        std::lock_guard lock(mutex_);  // `conversation_map::publish` does not block
        for (auto* each : servers_)
            each->publish(topic, message);
    }

private:
    std::mutex mutex_;
    std::vector<live::conversation_map*> servers_;
};

}  // namespace stube::http
