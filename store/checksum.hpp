#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Checksums (XXH3, 64 bits) that detect accidental damage: a flipped bit, or a row that was lost,
/// added or moved. They do not detect an attacker.
namespace stube::storage {

std::uint64_t checksum(std::string_view bytes);

/// The checksum of a part and of the place it belongs to. `transaction` is the number of the
/// transaction that wrote it. An absent body differs from an empty one.
std::uint64_t part_checksum(
    std::string_view id,
    std::string_view name,
    std::uint64_t revision,
    std::uint64_t transaction,
    std::optional<std::string_view> body
);

/// The checksum of a conversation. `parts_checksum` is the XOR of the checksums of its parts, so
/// that a change of one part costs the same however many parts there are.
std::uint64_t conversation_checksum(
    std::uint64_t parts_checksum,
    std::uint64_t part_count,
    std::string_view status
);

/// 16 hexadecimal digits.
std::string hex(std::uint64_t number);

}  // namespace stube::storage
