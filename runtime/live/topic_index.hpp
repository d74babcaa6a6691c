#pragma once

#include "runtime/live/entry.hpp"
#include "runtime/live/mutex.hpp"
#include "store/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace stube::live {

/// A message on its way to the subscribers of its topic.
struct message {
    std::string topic;
    std::string text;
};

using message_ptr = std::shared_ptr<const message>;

/// The subscribers of each topic. Unseen conversations are only counted: the messages of their
/// topics are kept, and delivered when the conversation is seen. So a page misses no message
/// between its rendering and its opening, and a page that nobody opens causes no turn.
/// Threads: any; one at a time for each entry.
class topic_index {
public:
    /// The last `max_kept` messages of each topic are kept for unseen conversations.
    explicit topic_index(std::size_t max_kept) : max_kept_(max_kept) {}

    /// Replaces the subscriptions `before` by `after`. Both are sorted and contain no topic twice.
    void change(
        const entry_ptr& e,
        const std::vector<std::string>& before,
        const std::vector<std::string>& after
    ) {
        const mutex_lock lock(mutex_);
        for (const auto& topic : before) {
            if (!std::ranges::binary_search(after, topic)) unsubscribe(e, topic);
        }
        for (const auto& topic : after)
            topics_[topic].subscribers.insert(e);
    }

    /// Counts an unseen conversation as a subscriber of these topics. Returns the number of the
    /// last published message.
    std::uint64_t hold(const std::vector<std::string>& topics) {
        const mutex_lock lock(mutex_);
        for (const auto& topic : topics)
            ++topics_[topic].unseen;
        return last_;
    }

    struct missed {
        std::vector<message_ptr> messages;  ///< in the order in which they were published
        bool is_complete = true;            ///< false: there were older messages, which are lost
    };

    /// Subscribes a conversation that is not unseen any more to the topics `after`. Returns the
    /// messages that were published to the topics `held` after message `since`.
    missed subscribe_seen(
        const entry_ptr& e,
        const std::vector<std::string>& held,
        std::uint64_t since,
        const std::vector<std::string>& after
    ) {
        const mutex_lock lock(mutex_);
        std::vector<numbered> found;
        missed out;
        for (const auto& topic : held) {
            const auto& state = topics_.at(topic);
            out.is_complete = out.is_complete && state.last_lost <= since;
            for (const auto& kept : state.kept)
                if (kept.number > since) found.push_back(kept);
        }
        for (const auto& topic : after)
            topics_[topic].subscribers.insert(e);
        drop_held(held);
        std::ranges::sort(found, {}, &numbered::number);
        for (auto& kept : found)
            out.messages.push_back(std::move(kept.sent));
        return out;
    }

    /// Ends the count of an unseen conversation that is deleted.
    void release(const std::vector<std::string>& held) {
        const mutex_lock lock(mutex_);
        drop_held(held);
    }

    /// Keeps the message for unseen subscribers. Returns the other subscribers.
    std::vector<entry_ptr> publish(const message_ptr& sent) {
        const mutex_lock lock(mutex_);
        const auto found = topics_.find(sent->topic);
        if (found == topics_.end()) return {};
        auto& state = found->second;
        ++last_;
        if (state.unseen > 0) state.kept.push_back({last_, sent});
        if (state.kept.size() > max_kept_) {
            state.last_lost = state.kept.front().number;
            state.kept.pop_front();
        }
        return {state.subscribers.begin(), state.subscribers.end()};
    }

    /// The number of topics with a subscriber.
    std::size_t size() const {
        const mutex_lock lock(mutex_);
        return static_cast<std::size_t>(std::ranges::count_if(topics_, [](const auto& each) {
            return !each.second.subscribers.empty();
        }));
    }

private:
    struct numbered {
        std::uint64_t number;
        message_ptr sent;
    };

    struct topic_state {
        std::unordered_set<entry_ptr> subscribers;
        std::size_t unseen = 0;       ///< the number of unseen subscribers
        std::deque<numbered> kept;    ///< the messages for unseen subscribers
        std::uint64_t last_lost = 0;  ///< the number of the last message that is not kept any more
    };

    using topic_map = std::unordered_map<std::string, topic_state>;

    void unsubscribe(const entry_ptr& e, const std::string& topic) STUBE_REQUIRES(mutex_) {
        auto found = topics_.find(topic);
        if (found == topics_.end()) return;
        found->second.subscribers.erase(e);
        drop_if_empty(found);
    }

    void drop_held(const std::vector<std::string>& topics) STUBE_REQUIRES(mutex_) {
        for (const auto& topic : topics) {
            const auto found = topics_.find(topic);
            STUBE_ASSERT(found != topics_.end() && found->second.unseen > 0);
            if (--found->second.unseen == 0) found->second.kept.clear();
            drop_if_empty(found);
        }
    }

    void drop_if_empty(topic_map::iterator topic) STUBE_REQUIRES(mutex_) {
        if (topic->second.subscribers.empty() && topic->second.unseen == 0) topics_.erase(topic);
    }

    const std::size_t max_kept_;
    mutable mutex mutex_;
    topic_map topics_ STUBE_GUARDED_BY(mutex_);
    std::uint64_t last_ STUBE_GUARDED_BY(mutex_) = 0;  ///< the number of the last message
};

}  // namespace stube::live
