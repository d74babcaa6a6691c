#pragma once

#include "store/checksum.hpp"

#include <stube/store/store.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

/// The SQLite store's index of its rows. With it, a save needs no look-ups in the database.
namespace stube::storage {

/// A row of the table `part`.
struct stored_row {
    std::int64_t row = 0;
    std::uint64_t checksum = 0;
};

/// The row of a part other than the head.
struct stored_part {
    std::uint64_t name_hash = 0;  ///< the statements compare the name itself, too
    std::int64_t row = 0;
    std::uint64_t checksum = 0;
};

/// A stored conversation: 24 bytes for each of its parts.
struct entry {
    std::uint64_t revision = 0;
    record_status status = record_status::kept;
    std::uint64_t parts_checksum = 0;  ///< XOR of the checksums of all parts
    std::uint64_t total_checksum = 0;  ///< the conversation_checksum()
    stored_row head;
    std::int64_t archived = 0;             ///< the archive's row of its newest head; 0 without one
    std::vector<stored_part> other_parts;  ///< sorted by name_hash

    std::uint64_t part_count() const { return other_parts.size() + 1; }

    std::vector<stored_part>::iterator position_of(std::uint64_t name_hash) {
        return std::ranges::lower_bound(other_parts, name_hash, {}, &stored_part::name_hash);
    }

    /// Null if the conversation does not have the part.
    const stored_part* find(std::uint64_t name_hash) {
        const auto found = position_of(name_hash);
        return found != other_parts.end() && found->name_hash == name_hash ? &*found : nullptr;
    }

    /// Adds the part, or replaces the part of the same name.
    void put(const stored_part& part) {
        const auto found = position_of(part.name_hash);
        if (found != other_parts.end() && found->name_hash == part.name_hash)
            *found = part;
        else
            other_parts.insert(found, part);
    }

    void erase(std::uint64_t name_hash) {
        const auto found = position_of(name_hash);
        if (found != other_parts.end() && found->name_hash == name_hash) other_parts.erase(found);
    }
};

struct id_hash {
    std::size_t operator()(const std::string& id) const { return checksum(id); }
};

using entries = std::unordered_map<std::string, entry, id_hash>;

}  // namespace stube::storage
