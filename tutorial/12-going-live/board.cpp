#include "board.hpp"

using namespace stube;
using namespace stube::html;

namespace {

auto change(const item& of, item_state to, std::string_view label) {
    return when(of.state != to, button(on<"click", &board::set>(of.id, to), label));
}

markup row(const item& i) {
    return li(
        i.text,
        " ",
        change(i, item_state::open, "Not done"),
        change(i, item_state::done, "Done"),
        change(i, item_state::blocked, "Blocked")
    );
}

}  // namespace

void board::add() {
    if (!draft.require("Enter what you work on")) return;
    items.push_back({++last_id, draft.value(), item_state::open});
    draft.clear();
}

void board::set(int id, item_state to) {
    for (auto& each : items)
        if (each.id == id) each.state = to;
}

markup board::render() const {
    return section(
        h1("Stand-up"),
        ul(each(items, row)),
        form(
            on<"submit", &board::add>,
            ui::input_for<&board::draft>(*this, "What are you working on?"),
            button("Add")
        )
    );
}
