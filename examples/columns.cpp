#include "columns.hpp"

#include <algorithm>
#include <vector>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

struct note {
    const char* title;
    const char* text;
    std::vector<int> links;
};

const std::vector<note>& notes() {
    static const std::vector<note> all{
        {"Bread", "Flour, water, salt and time. Most of the work is waiting.", {1, 2, 3}},
        {"Sourdough", "Flour and water that were left alone long enough to live.", {3, 0}},
        {"Oven", "As hot as it gets, with a stone, and steam at the beginning.", {0}},
        {"Waiting", "Overnight in the cold. Good for bread, and for decisions.", {1, 2}},
    };
    return all;
}

bool is_note(int number) {
    return number >= 0 && number < static_cast<int>(notes().size());
}

const note& note_of(int number) {
    return notes().at(static_cast<std::size_t>(number));
}

/// The position of the note's column, or `open.size()` if the note is not open.
std::size_t position_of(const keyed<column>& open, int number) {
    const auto keys = open.keys();
    return static_cast<std::size_t>(std::ranges::find(keys, std::to_string(number)) - keys.begin());
}

}  // namespace

markup column::render() const {
    const auto& [heading, text, links] = note_of(note);
    auto tool = [&](const auto& event, const std::string& verb, std::string_view symbol) {
        auto name = attr("aria-label", verb + " " + note_of(note).title);
        return button(class_("secondary"), event, name, symbol);
    };
    auto link_to = [&](int other) {
        auto event = on_parent<"click", &columns::show>(other, note);
        return button(class_("secondary"), event, note_of(other).title);
    };
    return article(
        class_("card"),
        own_id{"aria-labelledby", "title"},
        header(
            tool(on_parent<"click", &columns::move>(note, -1), "Move left", "←"),
            tool(on_parent<"click", &columns::move>(note, 1), "Move right", "→"),
            tool(on_parent<"click", &columns::close>(note), "Close", "✕")
        ),
        h2(own_id{"id", "title"}, heading),
        p(text),
        div(class_("actions"), each(links, link_to)),
        ui::text_area_for<&column::remark>(*this, "Your remark")
    );
}

void columns::show(int note, int from) {
    if (!is_note(note)) return;
    const auto position = std::min(position_of(open, from) + 1, open.size());
    if (open.contains(note)) return;
    open.insert(position, note, column{note, {}});
}

void columns::close(int note) {
    open.erase(note);
    if (open.empty()) start();
}

void columns::move(int note, int by) {
    if (!open.contains(note)) return;
    const auto position = static_cast<int>(position_of(open, note)) + (by < 0 ? -1 : 1);
    if (position < 0 || position >= static_cast<int>(open.size())) return;
    open.move(note, static_cast<std::size_t>(position));
}

markup columns::render() const {
    return section(
        h1("Notes"),
        p(class_("muted"), "A note opens next to the one that mentions it."),
        div(class_("row"), open)
    );
}

}  // namespace gallery
