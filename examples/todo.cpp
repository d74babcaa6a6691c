#include "todo.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

answers<edit_text::answer_type> edit_text::save() {
    if (!text.require("Enter what is to be done")) return {};
    return answer(text.value());
}

answers<edit_text::answer_type> edit_text::cancel() {
    return answer(std::nullopt);
}

markup edit_text::render() const {
    return li(
        on<"keydown", &edit_text::cancel>.key("Escape"),
        form(
            class_("edit"),
            on<"submit", &edit_text::save>,
            ui::input_for<&edit_text::text>(*this, "What to do", autofocus()),
            button("Save"),
            button(type("button"), class_("secondary"), on<"click", &edit_text::cancel>, "Cancel")
        )
    );
}

effects todo_row::tick(bool is_done) {
    done = is_done;
    return send_up<&todo::mark>(number, done);
}

effects todo_row::edit() {
    return call<edit_text>(text).then<&todo_row::edited>();
}

void todo_row::edited(const std::optional<std::string>& to) {
    if (to) text = *to;
}

effects todo_row::remove() {
    return call<ui::confirm>("Delete \"" + text + "\"?", "Delete", "Keep")
        .then<&todo_row::removed>()
        .on_page();
}

effects todo_row::removed(bool yes) {
    if (!yes) return {};
    return send_up<&todo::take_out>(number);
}

markup todo_row::render() const {
    auto named = [this](const char* what) { return attr("aria-label", what + (" " + text)); };
    return li(
        // A button, because a browser without scripts sends nothing when a check box changes.
        button(
            class_("secondary"),
            role("checkbox"),
            attr("aria-checked", done ? "true" : "false"),
            on<"click", &todo_row::tick>(!done),
            text
        ),
        button(class_("secondary"), on<"click", &todo_row::edit>, named("Edit"), "Edit"),
        button(class_("secondary"), on<"click", &todo_row::remove>, named("Delete"), "Delete")
    );
}

void todo::add() {
    if (!draft.require("Enter what is to be done")) return;
    const int number = ++last_number;
    rows.push_back(number, todo_row{number, draft.value(), {}});
    open.push_back(number);
    draft.clear();
}

void todo::mark(int number, bool done) {
    std::erase(open, number);
    if (!done) open.push_back(number);
}

void todo::take_out(int number) {
    rows.erase(number);
    std::erase(open, number);
}

markup todo::render() const {
    return section(
        class_("card"),
        h1("To do"),
        form(
            on<"submit", &todo::add>,
            novalidate(),
            ui::input_for<&todo::draft>(*this, "New", placeholder("Water the plants")),
            button("Add")
        ),
        p(class_("muted"), role("status"), open.size(), " of ", rows.size(), " to do"),
        ul(rows)
    );
}

}  // namespace gallery
