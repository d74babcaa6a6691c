#include "store/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace stube::storage {
namespace {

/// The length of the well-formed UTF-8 sequence at `bytes`; 0 if it is not well-formed. Surrogates,
/// overlong forms and code points above U+10FFFF are not well-formed.
std::size_t sequence_length(const unsigned char* bytes, std::size_t left) {
    const unsigned char first = bytes[0];
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left < length) return 0;
    const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < low || bytes[1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((bytes[i] & 0xC0) != 0x80) return 0;
    return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t left = text.size();
    while (left > 0) {
        // Most text is ASCII, which is read eight characters at a time.
        std::uint64_t eight = 0;
        if (left >= sizeof eight) {
            std::memcpy(&eight, bytes, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                bytes += sizeof eight;
                left -= sizeof eight;
                continue;
            }
        }
        const std::size_t length = sequence_length(bytes, left);
        if (length == 0) return false;
        bytes += length;
        left -= length;
    }
    return true;
}

}  // namespace stube::storage
