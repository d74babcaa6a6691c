#include "tabs.hpp"

#include <array>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

struct tab {
    const char* id;
    const char* title;
};

constexpr std::array<tab, 3> all_tabs{
    {{"count", "Counter"}, {"note", "Notepad"}, {"drink", "Order"}}
};
constexpr int tab_count = static_cast<int>(all_tabs.size());

const tab& tab_at(int which) {
    return all_tabs.at(static_cast<std::size_t>(which));
}

markup tab_button(int which, int shown) {
    const bool is_shown = which == shown;
    const auto& [name, title] = tab_at(which);
    return button(
        role("tab"),
        own_id{"id", name},
        own_id{"aria-controls", "panel"},
        attr("aria-selected", is_shown ? "true" : "false"),
        on<"click", &tabs::show>(which),
        title
    );
}

}  // namespace

markup notepad::render() const {
    return section(
        h1("Notepad"),
        ui::text_area_for<&notepad::text>(*this, "Your note", on<"change", &notepad::typed>),
        p(class_("muted"), text.value().size(), " bytes kept")
    );
}

effects order::ask() {
    return call<ui::choose>("What would you like?", ui::choices{"Tea", "Coffee", "Juice"})
        .then<&order::chosen>();
}

void order::chosen(const std::optional<std::string>& what) {
    if (what) drink = *what;
}

markup order::render() const {
    return section(
        h1("Order"),
        p(drink.empty() ? "Nothing is ordered." : "On its way: " + drink + "."),
        div(class_("actions"), button(on<"click", &order::ask>, "Choose a drink"))
    );
}

effects tabs::show(int which) {
    if (which < 0 || which >= tab_count) return {};
    shown = which;
    return focus_on(tab_at(which).id);
}

effects tabs::next() {
    return show((shown + 1) % tab_count);
}

effects tabs::previous() {
    return show((shown + tab_count - 1) % tab_count);
}

markup tabs::render() const {
    return section(
        div(role("tablist"),
            attr("aria-label", "Things to do"),
            on<"keydown", &tabs::next>.key("ArrowRight"),
            div(on<"keydown", &tabs::previous>.key("ArrowLeft"),
                role("presentation"),
                tab_button(0, shown),
                tab_button(1, shown),
                tab_button(2, shown))),
        div(role("tabpanel"),
            own_id{"id", "panel"},
            own_id{"aria-labelledby", tab_at(shown).id},
            when(shown == 0, fragment(first)),
            when(shown == 1, fragment(second)),
            when(shown == 2, fragment(third)))
    );
}

}  // namespace gallery
