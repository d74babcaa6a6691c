#include "store/checksum.hpp"

#include "store/little_endian.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stube::storage {

std::uint64_t checksum(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t part_checksum(
    std::string_view id,
    std::string_view name,
    std::uint64_t revision,
    std::uint64_t transaction,
    std::optional<std::string_view> body
) {
    thread_local std::string place;
    place.assign(id);
    place += '\0';  // neither an id nor a name contains it
    place += name;
    place += '\0';
    append_number(place, revision);
    append_number(place, transaction);
    place += body ? '1' : '0';
    const std::uint64_t seed = checksum(place);
    if (!body) return seed;
    return XXH3_64bits_withSeed(body->data(), body->size(), seed);
}

std::uint64_t conversation_checksum(
    std::uint64_t parts_checksum,
    std::uint64_t part_count,
    std::string_view status,
    std::uint64_t archived
) {
    thread_local std::string text;
    text.assign(status);
    append_number(text, parts_checksum);
    append_number(text, part_count);
    if (archived != 0) append_number(text, archived);
    return checksum(text);
}

std::uint64_t ended_checksum(std::string_view id, std::uint64_t archived) {
    std::string text(id);
    append_number(text, archived);
    return checksum(text);
}

std::string hex(std::uint64_t number) {
    std::string text(16, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4)
        *digit = "0123456789abcdef"[number & 15];
    return text;
}

}  // namespace stube::storage
