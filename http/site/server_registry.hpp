#pragma once

#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <stdexcept>
#include <string_view>
#include <vector>

namespace stube::http {

/// The running servers of an app, to which `app::publish` publishes.
/// Threads: any.
class server_registry {
public:
    void add(live::conversation_map& server) {
        const live::mutex_lock lock(mutex_);
        servers_.push_back(&server);
    }

    /// When this returns, no message reaches `server` any more.
    void remove(live::conversation_map& server) {
        const live::mutex_lock lock(mutex_);
        std::erase(servers_, &server);
    }

    void publish(std::string_view topic, std::string_view message) {
        const live::mutex_lock lock(mutex_);  // `conversation_map::publish` does not block
        for (auto* each : servers_)
            each->publish(topic, message);
    }

    /// The server, for a question to its store. Throws std::logic_error unless there is exactly
    /// one.
    live::conversation_map& only_one() {
        const live::mutex_lock lock(mutex_);
        if (servers_.size() != 1)
            throw std::logic_error("stube: this needs exactly one running server");
        return *servers_.front();
    }

private:
    live::mutex mutex_;
    std::vector<live::conversation_map*> servers_ STUBE_GUARDED_BY(mutex_);
};

}  // namespace stube::http
