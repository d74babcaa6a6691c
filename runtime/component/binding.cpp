#include <stube/runtime/binding.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace stube {

void write_attributes(markup& out, const event_attribute& event) {
    hole h;
    h.what = hole::kind::event;
    h.event = event.event;
    h.name = event.name;
    h.text = event.arguments;
    h.instance = event.target;
    h.above = event.above;
    if (event.modifiers != event_modifiers()) {
        h.modifiers = std::make_shared<const event_modifiers>(event.modifiers);
    }
    out.append_hole(std::move(h));
}

bool bound_control::holds(std::string_view choice) const {
    return is_list ? std::ranges::find(chosen, choice) != chosen.end() : text == choice;
}

namespace {

/// The modifiers of a key, in the order that stube-events.js expects.
constexpr std::array<std::string_view, 4> key_modifiers{"Control", "Alt", "Meta", "Shift"};

[[noreturn]] void refuse_key(std::string_view name, const std::string& why) {
    throw std::invalid_argument("stube: key(\"" + std::string(name) + "\"): " + why);
}

bool is_one_character(std::string_view key) {
    const auto begins_character = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    };
    return std::ranges::count_if(key, begins_character) == 1;
}

/// The browsers' name of a key with another common name. Empty if `key` is not such a name.
std::string_view usual_name(std::string_view key) {
    constexpr std::array<std::array<std::string_view, 2>, 13> others{{
        {"Esc", "Escape"},
        {"Return", "Enter"},
        {"Space", " "},
        {"Spacebar", " "},
        {"Del", "Delete"},
        {"Ins", "Insert"},
        {"Left", "ArrowLeft"},
        {"Right", "ArrowRight"},
        {"Up", "ArrowUp"},
        {"Down", "ArrowDown"},
        {"Ctrl", "Control"},
        {"Cmd", "Meta"},
        {"Win", "Meta"},
    }};
    const auto* const found =
        std::ranges::find_if(others, [&](const auto& names) { return names.front() == key; });
    return found == others.end() ? std::string_view() : found->back();
}

void check_key(std::string_view name, std::string_view key, bool has_shift) {
    if (key.empty()) refuse_key(name, "the key is missing");
    if (const auto usual = usual_name(key); !usual.empty()) {
        refuse_key(name, "browsers call this key \"" + std::string(usual) + "\"");
    }
    if (is_one_character(key)) {
        if (!has_shift || key == " ") return;
        refuse_key(name, "write the character that the keys make together, such as \"A\" or \"?\"");
    }
    const bool is_named = key[0] >= 'A' && key[0] <= 'Z' &&
                          std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c); });
    if (!is_named) {
        refuse_key(
            name,
            "browsers do not have this key. A key is one character, or a name like \"Enter\", "
            "after modifiers like \"Shift+\""
        );
    }
}

/// Puts the modifiers of a key in order: "Shift+Control+Enter" becomes "Control+Shift+Enter".
std::string stroke_of(std::string_view name) {
    std::string_view key = name;
    std::array<bool, key_modifiers.size()> is_held{};
    for (auto plus = key.find('+'); plus != key.npos && plus > 0; plus = key.find('+')) {
        const auto modifier = key.substr(0, plus);
        const auto found = std::ranges::find(key_modifiers, modifier);
        if (found == key_modifiers.end()) {
            const auto usual = usual_name(modifier);
            refuse_key(
                name,
                "\"" + std::string(modifier) +
                    "\" is not a modifier. Modifiers are Control, Alt, Meta, Shift" +
                    (usual.empty() ? "" : "; you may mean " + std::string(usual))
            );
        }
        is_held[static_cast<std::size_t>(found - key_modifiers.begin())] = true;
        key.remove_prefix(plus + 1);
    }
    check_key(name, key, is_held.back());
    std::string out;
    for (std::size_t i = 0; i < key_modifiers.size(); ++i)
        if (is_held[i]) out.append(key_modifiers[i]).append("+");
    return out.append(key);
}

}  // namespace

void detail::add_key(event_attribute& to, std::string_view name) {
    if (to.event != "keydown" && to.event != "keyup") {
        refuse_key(name, "a key is for keydown or keyup, not for " + std::string(to.event));
    }
    to.modifiers.keys.push_back(stroke_of(name));
}

namespace {

/// Appends an attribute whose value is an id within the instance, or a link to such an id:
/// `name="i3-member-suffix"`, `href="#i3-member-suffix"`.
void append_id_attribute(
    markup& out,
    std::string_view name,
    std::string_view member,
    std::string_view suffix = ""
) {
    out.append_unescaped(" ");
    out.append_unescaped(name);
    out.append_unescaped(name == "href" ? "=\"#" : "=\"");
    hole h;
    h.name = member;
    out.append_hole(std::move(h));
    out.append_unescaped(suffix);
    out.append_unescaped("\"");
    if (name == "name") out.append_hole({.what = hole::kind::owner});
}

}  // namespace

void write_attributes(markup& out, const bound_control& control) {
    using enum control_kind;
    if (control.what != group) {
        append_id_attribute(out, "name", control.name);
        append_id_attribute(out, "id", control.name);
    }
    if (control.what == input && !control.is_secret)
        detail::append_attribute(out, {"value", control.text});
    if (control.what == check_box) {
        detail::append_attribute(out, {"value", "on"});
        detail::append_attribute(out, {"checked", std::nullopt, control.text == "on"});
    }
    if (control.error.empty()) return;
    // A group of radio buttons is invalid as a whole. In a group of check boxes, each box is.
    const bool is_of_boxes = control.what == group && control.is_list;
    if (!is_of_boxes) detail::append_attribute(out, {"aria-invalid", "true"});
    append_id_attribute(out, "aria-describedby", control.name, "-error");
}

void write_attributes(markup& out, const bound_choice& choice) {
    append_id_attribute(out, "name", choice.name);
    detail::append_attribute(out, {"value", std::string(choice.value)});
    detail::append_attribute(out, {"checked", std::nullopt, choice.is_chosen});
    if (choice.is_wrong) detail::append_attribute(out, {"aria-invalid", "true"});
}

void write_attributes(markup& out, const own_id& id) {
    append_id_attribute(out, id.attribute, id.name, id.suffix);
}

}  // namespace stube
