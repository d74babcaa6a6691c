#include "runtime/conversation/json_text.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace stube::kernel {

namespace {

bool is_plain(char c) {
    auto code = static_cast<unsigned char>(c);
    return code >= 0x20 && code < 0x7f && c != '"' && c != '\\';
}

}  // namespace

void append_hex(std::string& out, std::uint64_t number) {
    std::array<char, 16> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    auto length = static_cast<std::size_t>(end - digits.data());
    out.append(16 - length, '0').append(digits.data(), length);
}

void append_quoted(std::string& out, std::string_view text) {
    // Names and ids hardly ever need escaping.
    if (std::ranges::all_of(text, is_plain)) {
        out.append("\"").append(text).append("\"");
    } else {
        out += boost::json::serialize(boost::json::string(text));
    }
}

void append_principal(std::string& out, const principal& who) {
    append_quoted(append_key(out, "principal"), who.name);
    if (who.roles.empty()) return;
    append_key(out, "roles") += '[';
    for (const auto& role : who.roles) {
        if (out.back() != '[') out += ',';
        append_quoted(out, role);
    }
    out += ']';
}

std::string& append_key(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    return out.append("\"").append(name).append("\":");
}

}  // namespace stube::kernel
