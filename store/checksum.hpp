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
/// that a change of one part costs the same however many parts there are. `archived` is the row of
/// its newest head in the archive. It is 0 for a conversation without one, whose checksum is the
/// same in a format without an archive.
std::uint64_t conversation_checksum(
    std::uint64_t parts_checksum,
    std::uint64_t part_count,
    std::string_view status,
    std::uint64_t archived = 0
);

/// The checksum of the archive's row of the newest head of a conversation that has ended.
std::uint64_t ended_checksum(std::string_view id, std::uint64_t archived);

/// 16 hexadecimal digits.
std::string hex(std::uint64_t number);

}  // namespace stube::storage
