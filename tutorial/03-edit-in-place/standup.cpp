#include "standup.hpp"

namespace standup {

using namespace stube::html;

answers<edit_text::answer_type> edit_text::save() {
    if (!text.require("Enter something")) return {};
    return answer(text.value());
}

answers<edit_text::answer_type> edit_text::cancel() {
    return answer(std::nullopt);
}

markup edit_text::render() const {
    return li(
        on<"keydown", &edit_text::cancel>.key("Escape"),
        form(
            on<"submit", &edit_text::save>,
            novalidate(),
            ui::input_for<&edit_text::text>(*this, label, autofocus()),
            div(class_("actions"),
                button("Save"),
                button(
                    type("button"),
                    class_("secondary"),
                    on<"click", &edit_text::cancel>,
                    "Cancel"
                ))
        )
    );
}

void row::finish() {
    shown.state = item_state::done;
}

effects row::edit() {
    return call<edit_text>("I will", shown.text).then<&row::edited>();
}

void row::edited(const std::optional<std::string>& text) {
    if (text) shown.text = *text;
}

effects row::block() {
    return call<edit_text>("It waits for", shown.blocker).then<&row::blocked>();
}

void row::blocked(const std::optional<std::string>& reason) {
    if (!reason) return;
    shown.state = item_state::blocked;
    shown.blocker = *reason;
}

effects row::remove() {
    return call<ui::confirm>("Delete \"" + shown.text + "\"?", "Delete", "Keep")
        .then<&row::removed>()
        .on_page();
}

effects row::removed(bool yes) {
    if (!yes) return {};
    return send_up<&board::take_out>(shown.number);
}

markup row::render() const {
    auto named = [this](const char* what) { return attr("aria-label", what + (" " + shown.text)); };
    return li(
        p(strong(shown.text),
          when(shown.state == item_state::done, " (done)"),
          when(shown.state == item_state::blocked, " (blocked: " + shown.blocker + ")")),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &row::finish>, named("Done"), "Done"),
            button(class_("secondary"), on<"click", &row::edit>, named("Edit"), "Edit"),
            button(class_("secondary"), on<"click", &row::block>, named("Blocked"), "Blocked"),
            button(class_("secondary"), on<"click", &row::remove>, named("Delete"), "Delete"))
    );
}

void board::add() {
    if (!draft.require("Say what you will do")) return;
    const int number = ++last_number;
    rows.push_back(number, row{{.number = number, .text = draft.value()}});
    draft.clear();
}

void board::take_out(int number) {
    rows.erase(number);
}

markup board::render() const {
    return section(
        class_("card"),
        h1("Stand-up"),
        ul(class_("choices"), rows),
        form(
            on<"submit", &board::add>,
            novalidate(),
            ui::input_for<&board::draft>(*this, "I will"),
            button("Add")
        )
    );
}

}  // namespace standup
