#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Checksums (XXH3, 64 bits) against damage by chance: a flipped bit, a row that is lost, added or
/// belongs elsewhere. Not against an attacker.
namespace stube {

std::uint64_t checksum(std::string_view bytes);

/// Of a part with all that says where it belongs. `saved` is the number of the transaction that
/// wrote it; no body is another thing than an empty one.
std::uint64_t part_checksum(
    std::string_view id,
    std::string_view name,
    std::uint64_t revision,
    std::uint64_t saved,
    std::optional<std::string_view> body
);

/// Of a conversation: `of_parts` is the XOR of the checksums of its parts, so that one changed part
/// costs as much as any number.
std::uint64_t
conversation_checksum(std::uint64_t of_parts, std::uint64_t parts, std::string_view status);

/// 16 hexadecimal digits.
std::string hex(std::uint64_t number);

}  // namespace stube
