#pragma once

#include "runtime/live/entry.hpp"
#include "runtime/live/mutex.hpp"

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

/// The subscribers of each topic. Conversations that nobody has seen yet are only counted: their
/// messages are kept, and delivered when somebody sees them. So a page misses nothing between its
/// rendering and its opening, and costs nothing before.
/// Threads: any; one at a time for each entry.
class topic_index {
public:
    /// `most_kept` messages of each topic are kept for unseen conversations; older ones are lost.
    explicit topic_index(std::size_t most_kept) : most_kept_(most_kept) {}

    /// `before` and `after` are sorted and hold no topic twice.
    void change(
        const entry_ptr& e,
        const std::vector<std::string>& before,
        const std::vector<std::string>& after
    ) {
        const mutex_lock lock(mutex_);
        for (const auto& topic : before) {
            if (!std::ranges::binary_search(after, topic)) leave(e, topic);
        }
        for (const auto& topic : after)
            topics_[topic].subscribers.insert(e);
    }

    /// Counts an unseen conversation as a subscriber of these topics. Returns the number of the
    /// last message so far.
    std::uint64_t hold(const std::vector<std::string>& topics) {
        const mutex_lock lock(mutex_);
        for (const auto& topic : topics)
            ++topics_[topic].unseen;
        return last_;
    }

    struct missed {
        std::vector<message_ptr> messages;  ///< in the order published
        bool is_complete = true;
    };

    /// The conversation was seen, and is subscribed to `after` from now on. Returns the messages
    /// that were published to `held` after message `since`.
    missed begin(
        const entry_ptr& e,
        const std::vector<std::string>& held,
        std::uint64_t since,
        const std::vector<std::string>& after
    ) {
        const mutex_lock lock(mutex_);
        std::vector<numbered> found;
        missed out;
        for (const auto& topic : held) {
            const auto& of = topics_.at(topic);
            out.is_complete = out.is_complete && of.last_lost <= since;
            for (const auto& each : of.kept)
                if (each.number > since) found.push_back(each);
        }
        for (const auto& topic : after)
            topics_[topic].subscribers.insert(e);
        drop_held(held);
        std::ranges::sort(found, {}, &numbered::number);
        for (auto& each : found)
            out.messages.push_back(std::move(each.what));
        return out;
    }

    /// An unseen conversation is deleted.
    void release(const std::vector<std::string>& held) {
        const mutex_lock lock(mutex_);
        drop_held(held);
    }

    /// Returns the subscribers.
    std::vector<entry_ptr> publish(const message_ptr& what) {
        const mutex_lock lock(mutex_);
        const auto found = topics_.find(what->topic);
        if (found == topics_.end()) return {};
        auto& to = found->second;
        ++last_;
        if (to.unseen > 0) to.kept.push_back({last_, what});
        if (to.kept.size() > most_kept_) {
            to.last_lost = to.kept.front().number;
            to.kept.pop_front();
        }
        return {to.subscribers.begin(), to.subscribers.end()};
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
        message_ptr what;
    };

    struct topic_state {
        std::unordered_set<entry_ptr> subscribers;
        std::size_t unseen = 0;
        std::deque<numbered> kept;
        std::uint64_t last_lost = 0;
    };

    using topic_map = std::unordered_map<std::string, topic_state>;

    void leave(const entry_ptr& e, const std::string& topic) STUBE_REQUIRES(mutex_) {
        auto found = topics_.find(topic);
        if (found == topics_.end()) return;
        found->second.subscribers.erase(e);
        drop_if_empty(found);
    }

    void drop_held(const std::vector<std::string>& topics) STUBE_REQUIRES(mutex_) {
        for (const auto& topic : topics) {
            const auto found = topics_.find(topic);
            if (--found->second.unseen == 0) found->second.kept.clear();
            drop_if_empty(found);
        }
    }

    void drop_if_empty(topic_map::iterator which) STUBE_REQUIRES(mutex_) {
        if (which->second.subscribers.empty() && which->second.unseen == 0) topics_.erase(which);
    }

    const std::size_t most_kept_;
    mutable mutex mutex_;
    topic_map topics_ STUBE_GUARDED_BY(mutex_);
    std::uint64_t last_ STUBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace stube::live
