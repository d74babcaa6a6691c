#include "store/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace stube {
namespace {

/// Length of the well-formed UTF-8 sequence at `at`, 0 if there is none. Surrogates, overlong forms
/// and what lies above U+10FFFF are not well-formed.
std::size_t sequence_length(const unsigned char* at, std::size_t left) {
    unsigned char first = at[0];
    if (first < 0x80) return 1;
    std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left < length) return 0;
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t left = text.size();
    while (left > 0) {
        // Most text is ASCII: take eight characters at a time while it is.
        std::uint64_t eight = 0;
        if (left >= sizeof eight) {
            std::memcpy(&eight, at, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                at += sizeof eight;
                left -= sizeof eight;
                continue;
            }
        }
        std::size_t length = sequence_length(at, left);
        if (length == 0) return false;
        at += length;
        left -= length;
    }
    return true;
}

}  // namespace stube
