#include "runtime/live/messages.hpp"

#include <stube/runtime/deliveries.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stube::live {

using namespace kernel;

messages::messages(map_context& context, dispatcher& to)
    : context_(context), dispatcher_(to), topics_(context.options.max_messages) {}

void messages::publish(std::string_view topic, std::string_view text) {
    if (context_.is_closed) return;
    const auto sent = std::make_shared<const message>(std::string(topic), std::string(text));
    std::vector<entry_ptr> free;
    for (auto& e : topics_.publish(sent)) {
        if (dispatcher_.enqueue(e, delivery(sent)) == dispatcher::queued::first)
            free.push_back(std::move(e));
    }
    dispatcher_.drain(free);
}

void messages::update_topics(const held_entry& held) {
    static const std::vector<std::string> none;
    auto& session = held.session();
    auto after = topics(*session.value);
    auto* background = session.background.get();
    const auto& before = background ? background->topics : none;
    const bool was_unseen = background && background->messages_since;
    if (session.value->unseen) {
        if (was_unseen || after.empty()) return;
        session.make_background().messages_since = topics_.hold(after);
    } else if (was_unseen) {
        const auto since = *std::exchange(background->messages_since, std::nullopt);
        deliver_missed(held, topics_.subscribe_seen(held.pointer(), before, since, after));
    } else if (after == before) {
        return;
    } else {
        topics_.change(held.pointer(), before, after);
    }
    session.make_background().topics = std::move(after);
}

void messages::remove(const held_entry& held) {
    const auto& background = held.session().background;
    if (!background) return;
    if (background->messages_since)
        topics_.release(background->topics);
    else
        topics_.change(held.pointer(), background->topics, {});
}

void messages::deliver_missed(const held_entry& held, const topic_index::missed& missed) {
    for (const auto& sent : missed.messages)
        dispatcher_.enqueue(held.pointer(), delivery(sent));
    if (missed.is_complete) return;
    ++context_.totals.messages_lost;
    context_.log().warn(
        "messages lost conversation={} why=\"too many before it was seen\"",
        held->id
    );
}

operation messages::delivery(const message_ptr& sent) {
    auto done = [this](reply&& r) {
        if (r.result == status::ok || r.result == status::ended)
            ++context_.totals.messages_delivered;
        if (r.result == status::not_saved) ++context_.totals.messages_lost;
    };
    return {
        .action = change_action{cause::message{sent->topic, sent->text}},
        .done = std::move(done),
        .from = origin::message
    };
}

}  // namespace stube::live
