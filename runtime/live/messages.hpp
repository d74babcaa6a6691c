#pragma once

#include "runtime/live/dispatcher.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/topic_index.hpp"

#include <cstddef>
#include <string_view>

namespace stube::live {

/// Delivers published messages to subscribed conversations, each in a turn of its own.
/// Threads: any; functions with a `held_entry` by the holder of the conversation.
class messages {
public:
    messages(map_context& context, dispatcher& to);

    /// See `conversation_map::publish`.
    void publish(std::string_view topic, std::string_view text);

    /// Enters the present subscriptions of the conversation into the topic index. If the
    /// conversation was unseen before, also delivers the messages that were published since its
    /// first page was rendered.
    void update_topics(const held_entry& held);

    /// Removes the subscriptions of a conversation that is over.
    void remove(const held_entry& held);

    std::size_t topic_count() const { return topics_.size(); }

private:
    void deliver_missed(const held_entry& held, const topic_index::missed& missed);
    operation delivery(const message_ptr& sent);

    map_context& context_;
    dispatcher& dispatcher_;
    topic_index topics_;
};

}  // namespace stube::live
