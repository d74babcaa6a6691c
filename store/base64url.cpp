#include "store/base64url.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace stube::storage {
namespace {

constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 64 for a character that is not a digit.
constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(64);
    for (std::size_t i = 0; i < base64url_alphabet.size(); ++i)
        values[static_cast<unsigned char>(base64url_alphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr auto value_of = make_values();

}  // namespace

void append_base64url(std::string& text, std::string_view bytes) {
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6)
            text += base64url_alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0) text += base64url_alphabet[bits << (6 - count) & 63];
}

std::optional<std::string> read_base64url(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char digit : text) {
        const auto six = value_of[static_cast<unsigned char>(digit)];
        if (six > 63) return std::nullopt;
        bits = bits << 6 | six;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 255);
    }
    const bool is_whole = count < 6 && (bits & ((1U << count) - 1)) == 0;
    return is_whole ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace stube::storage
