#pragma once

#include "standup_team.hpp"

#include <stube/stube.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <vector>

/// What all visitors of the gallery share: its application object, see `stube::context::app`. It
/// lives in memory only, but is made so that the pages can bring it back after a restart from what
/// they remember, in any order.
namespace gallery {

/// A number that only goes up. Threads: any.
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

    /// True if this was news.
    bool bring_back(int value) {
        std::lock_guard lock(mutex_);
        const bool is_news = value > value_;
        value_ = std::max(value_, value);
        return is_news;
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

    /// True if there was news among them.
    bool add(const std::vector<message>& some) {
        std::lock_guard lock(mutex_);
        bool is_news = false;
        for (const auto& each : some)
            is_news = messages_.insert(each).second || is_news;
        while (messages_.size() > max_messages)
            messages_.erase(messages_.begin());
        return is_news;
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
