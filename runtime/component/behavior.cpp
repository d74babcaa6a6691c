#include <stube/runtime/behavior.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace stube {
namespace {

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_character(char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool is_argument_name(std::string_view name) {
    return !name.empty() && is_lower(name.front()) &&
           std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

void append_attribute(markup& out, std::string_view name, std::string_view value) {
    out.append_unescaped(" ");
    out.append_unescaped(name);
    out.append_unescaped("=\"");
    out.append_attribute_value(value);
    out.append_unescaped("\"");
}

}  // namespace

bool is_behavior_name(std::string_view name) {
    while (true) {
        const auto end = std::min(name.find('/'), name.size());
        if (end == 0 || !std::ranges::all_of(name.substr(0, end), is_name_character)) return false;
        if (end == name.size()) return true;
        name.remove_prefix(end + 1);
    }
}

std::string behavior_argument::as_text(double number) {
    std::array<char, 40> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), end};
}

behavior::behavior(std::string_view name, std::initializer_list<behavior_argument> arguments)
    : name_(name) {
    if (!is_behavior_name(name)) {
        throw std::invalid_argument("stube: '" + name_ + "' is not a valid name of a behavior");
    }
    for (const auto& argument : arguments) {
        std::string argument_name(argument.name);
        if (!is_argument_name(argument_name)) {
            throw std::invalid_argument(
                "stube: '" + argument_name + "' is not a valid name of a behavior's argument"
            );
        }
        arguments_.emplace_back(std::move(argument_name), argument.value);
    }
}

void write_attributes(markup& out, const behavior& from) {
    append_attribute(out, "data-stube-behavior", from.name_);
    for (const auto& [name, value] : from.arguments_)
        append_attribute(out, "data-stube-arg-" + name, value);
    if (from.members_.empty()) return;
    out.append_unescaped(" data-stube-events=\"");
    std::string_view separator;
    for (const auto member : from.members_) {
        out.append_unescaped(separator);
        hole h;
        h.what = hole::kind::event;
        h.name = member;
        out.append_hole(std::move(h));
        separator = " ";
    }
    out.append_unescaped("\"");
}

void write_attributes(markup& out, const preserved_children&) {
    out.append_unescaped(" data-stube-preserve");
}

}  // namespace stube
