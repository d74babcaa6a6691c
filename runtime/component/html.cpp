#include <stube/runtime/html.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stube::html {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ':';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The scheme of an address in lower case, or an empty text. Like browsers, it ignores control
/// characters and blanks.
std::string scheme_of(std::string_view url) {
    std::string scheme;
    for (char c : url) {
        if (static_cast<unsigned char>(c) <= ' ') continue;
        if (c == ':') return scheme;
        if (c == '/' || c == '?' || c == '#') return {};
        scheme += lower(c);
    }
    return {};
}

bool holds_address(std::string_view name) {
    constexpr std::array<std::string_view, 8>
        names{"href", "src", "action", "formaction", "poster", "data", "cite", "xlink:href"};
    return std::ranges::any_of(names, [&](std::string_view known) {
        return std::ranges::equal(name, known, {}, lower);
    });
}

bool is_harmless(std::string_view url) {
    constexpr std::array<std::string_view, 5> allowed{"", "http", "https", "mailto", "tel"};
    return std::ranges::find(allowed, scheme_of(url)) != allowed.end();
}

}  // namespace

html_attribute attr(std::string_view name, std::string_view value) {
    bool is_handler = name.size() >= 2 && lower(name[0]) == 'o' && lower(name[1]) == 'n';
    if (name.empty() || is_handler || !std::ranges::all_of(name, is_name_character)) {
        throw std::invalid_argument(
            "stube: '" + std::string(name) + "' is not a valid attribute name"
        );
    }
    if (holds_address(name)) return address_attr(name, value);
    return {name, std::string(value)};
}

html_attribute address_attr(std::string_view name, std::string_view url) {
    return {name, std::string(is_harmless(url) ? url : "about:blank")};
}

html_attribute number_attr(std::string_view name, long long value) {
    return {name, std::to_string(value)};
}

}  // namespace stube::html
