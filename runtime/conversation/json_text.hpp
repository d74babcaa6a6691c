#pragma once

#include <stube/runtime/context.hpp>
#include <stube/runtime/principal.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

/// Writes JSON as text. It runs for every event, and a boost::json::value would take five times as
/// long.
namespace stube::kernel {

inline std::int64_t milliseconds(time_point t) {
    return t.time_since_epoch().count();
}

/// Appends 16 hexadecimal digits.
void append_hex(std::string& out, std::uint64_t number);

template <class Integer>
void append_number(std::string& out, Integer number) {
    std::array<char, 24> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// Appends a JSON string.
void append_quoted(std::string& out, std::string_view text);

/// Appends the members "principal", which is the name, and "roles" if there are any.
void append_principal(std::string& out, const principal& who);

/// Appends `"name":`, and a comma before it unless the member is the first.
std::string& append_key(std::string& out, std::string_view name);

}  // namespace stube::kernel
