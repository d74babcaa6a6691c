#pragma once

#include "standup_team.hpp"

#include <stube/stube.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <vector>

/// The gallery's application object, shared by all visitors; see `stube::context::app`. It is kept
/// in memory only. After a restart the pages restore it from their own states, in any order.
namespace gallery {

/// A number that never decreases. Threads: any.
class shared_number {
public:
    int value() const {
        std::lock_guard lock(mutex_);
        return value_;
    }

    int raise() {
        std::lock_guard lock(mutex_);
        return ++value_;
    }

    /// Raises the number to `value`. Returns false if the number is that large already.
    bool restore(int value) {
        std::lock_guard lock(mutex_);
        const bool is_larger = value > value_;
        value_ = std::max(value_, value);
        return is_larger;
    }

private:
    mutable std::mutex mutex_;
    int value_ = 0;
};

struct message {
    stube::time_point at;
    std::string who;
    std::string text;

    friend bool operator<(const message& left, const message& right) {
        return std::tie(left.at, left.who, left.text) < std::tie(right.at, right.who, right.text);
    }
};
BOOST_DESCRIBE_STRUCT(message, (), (at, who, text))

/// The latest messages, oldest first. Threads: any.
class chat_room {
public:
    static constexpr std::size_t max_messages = 50;

    std::vector<message> messages() const {
        std::lock_guard lock(mutex_);
        return {messages_.begin(), messages_.end()};
    }

    /// Returns true if at least one of the messages is new.
    bool add(const std::vector<message>& messages) {
        std::lock_guard lock(mutex_);
        bool has_new = false;
        for (const auto& each : messages)
            has_new = messages_.insert(each).second || has_new;
        while (messages_.size() > max_messages)
            messages_.erase(messages_.begin());
        return has_new;
    }

private:
    mutable std::mutex mutex_;
    std::set<message> messages_;
};

struct everyone {
    shared_number number;
    chat_room room;
    standup::team standup;
};

}  // namespace gallery
