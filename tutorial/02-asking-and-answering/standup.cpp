#include "standup.hpp"

#include <algorithm>

namespace standup {

using namespace stube::html;

namespace {

item* find(std::vector<item>& items, int number) {
    const auto found = std::ranges::find(items, number, &item::number);
    return found == items.end() ? nullptr : &*found;
}

markup row(const item& of) {
    return li(
        p(strong(of.text),
          when(of.state == item_state::done, " (done)"),
          when(of.state == item_state::blocked, " (blocked: " + of.blocker + ")")),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &board::finish>(of.number), "Done"),
            button(class_("secondary"), on<"click", &board::block>(of.number), "Blocked"),
            button(class_("secondary"), on<"click", &board::remove>(of.number), "Delete"))
    );
}

}  // namespace

answers<ask_blocker::answer_type> ask_blocker::save() {
    if (!reason.require("Say what is in the way")) return {};
    return answer(reason.value());
}

answers<ask_blocker::answer_type> ask_blocker::cancel() {
    return answer(std::nullopt);
}

markup ask_blocker::render() const {
    return section(
        class_("card"),
        h1("What is in the way?"),
        p("Of: ", strong(text)),
        form(
            on<"submit", &ask_blocker::save>,
            novalidate(),
            ui::input_for<&ask_blocker::reason>(*this, "It waits for", autofocus()),
            div(class_("actions"),
                button("Save"),
                button(
                    type("button"),
                    class_("secondary"),
                    on<"click", &ask_blocker::cancel>,
                    "Cancel"
                ))
        )
    );
}

void board::add() {
    if (!draft.require("Say what you will do")) return;
    items.push_back({.number = ++last_number, .text = draft.value()});
    draft.clear();
}

void board::finish(int number) {
    if (item* done = find(items, number)) done->state = item_state::done;
}

effects board::block(int number) {
    const item* about = find(items, number);
    if (!about) return {};
    asked_about = number;
    return call<ask_blocker>(about->text).then<&board::blocked>();
}

void board::blocked(const std::optional<std::string>& reason) {
    item* about = find(items, asked_about);
    if (!about || !reason) return;
    about->state = item_state::blocked;
    about->blocker = *reason;
}

effects board::remove(int number) {
    const item* about = find(items, number);
    if (!about) return {};
    asked_about = number;
    return call<ui::confirm>("Delete \"" + about->text + "\"?", "Delete", "Keep")
        .then<&board::removed>();
}

void board::removed(bool yes) {
    if (!yes) return;
    std::erase_if(items, [&](const item& each) { return each.number == asked_about; });
}

markup board::render() const {
    return section(
        class_("card"),
        h1("Stand-up"),
        ul(class_("choices"), each(items, row)),
        form(
            on<"submit", &board::add>,
            novalidate(),
            ui::input_for<&board::draft>(*this, "I will"),
            button("Add")
        )
    );
}

}  // namespace standup
