#include "chat.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

const std::string topic = "gallery/room";

auto no_longer_than(std::size_t bytes) {
    return [bytes](const std::string& text) { return text.size() <= bytes; };
}

}  // namespace

effects chat::enter() {
    name.require("Enter your name");
    name.check(no_longer_than(40), "Enter a shorter name");
    if (has_errors(*this)) return {};
    return call<talk>(name.value());
}

markup chat::render() const {
    return section(
        class_("card"),
        h1("Chat"),
        form(
            on<"submit", &chat::enter>,
            novalidate(),
            ui::input_for<&chat::name>(*this, "Your name", autocomplete("nickname")),
            button("Join")
        )
    );
}

effects talk::start(context& around) {
    heard(around);
    return subscribe<&talk::heard>(topic);
}

/// A restart loses the messages of the room. Each page restores those it has.
effects talk::wakeup(context& around) {
    const bool is_news = around.app<everyone>().room.add(messages);
    heard(around);
    return is_news ? publish(topic, who) : effects();
}

effects talk::say(context& around, int turn) {
    text.require("Enter a message");
    text.check(no_longer_than(500), "Enter a shorter message");
    if (has_errors(*this)) return {};
    // The second half of a double click sends the same text again.
    if (turn == said) {
        around.app<everyone>().room.add({{around.now(), who, text.value()}});
        ++said;
    }
    text.clear();
    heard(around);
    return publish(topic, who);
}

void talk::heard(context& around) {
    messages = around.app<everyone>().room.messages();
}

markup talk::render() const {
    const auto line = [&](const message& m) {
        return li(class_(m.who == who ? "own" : "other"), strong(m.who), " ", span(m.text));
    };
    return section(
        class_("card chat"),
        h1("Chat"),
        p(class_("muted"), "You are ", strong(who), "."),
        div(class_("room"),
            role("log"),
            tabindex("0"),
            attr("aria-label", "Messages"),
            messages.empty() ? p(class_("muted"), "Nobody has said anything yet.")
                             : ul(each(messages, line))),
        form(
            on<"submit", &talk::say>(said),
            novalidate(),
            ui::input_for<&talk::text>(*this, "Message", autocomplete("off")),
            div(class_("actions"),
                button("Send"),
                button(class_("secondary"), type("button"), on<"click", &talk::leave>, "Leave"))
        )
    );
}

}  // namespace gallery
