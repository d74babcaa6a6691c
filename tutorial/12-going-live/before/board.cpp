#include "board.hpp"

using namespace stube;
using namespace stube::html;

void board::add() {
    if (!draft.require("Enter what you work on")) return;
    items.push_back({++last_id, draft.value(), false});
    draft.clear();
}

void board::toggle(int id) {
    for (auto& each : items)
        if (each.id == id) each.done = !each.done;
}

markup board::render() const {
    return section(
        h1("Stand-up"),
        ul(each(
            items,
            [](const item& i) {
                return li(
                    i.text,
                    " ",
                    button(on<"click", &board::toggle>(i.id), i.done ? "Not done" : "Done")
                );
            }
        )),
        form(
            on<"submit", &board::add>,
            ui::input_for<&board::draft>(*this, "What are you working on?"),
            button("Add")
        )
    );
}
