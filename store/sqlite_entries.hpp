#pragma once

#include "store/checksum.hpp"

#include <stube/store/store.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

/// What the SQLite store remembers of what is stored, so that a save looks nothing up.
namespace stube {

/// A row of the table `part`.
struct stored_part {
    std::uint64_t name = 0;  ///< its checksum; the statements compare the name itself, too
    std::int64_t row = 0;
    std::uint64_t checksum = 0;
};

/// A stored conversation: 24 bytes for each of its parts.
struct entry {
    std::uint64_t revision = 0;
    keeping status = keeping::kept;
    std::uint64_t of_parts = 0;  ///< XOR of the checksums of all parts
    std::uint64_t of_all = 0;    ///< the checksum of the conversation
    stored_part head;
    std::vector<stored_part> others;  ///< by name

    std::uint64_t parts() const { return others.size() + 1; }

    std::vector<stored_part>::iterator place_of(std::uint64_t name) {
        return std::lower_bound(
            others.begin(),
            others.end(),
            name,
            [](const stored_part& each, std::uint64_t wanted) { return each.name < wanted; }
        );
    }

    /// Null if there is no such part.
    const stored_part* find(std::uint64_t name) {
        auto at = place_of(name);
        return at != others.end() && at->name == name ? &*at : nullptr;
    }

    /// Adds it, or takes it in the place of the one of its name.
    void put(const stored_part& one) {
        auto at = place_of(one.name);
        if (at != others.end() && at->name == one.name)
            *at = one;
        else
            others.insert(at, one);
    }

    void drop(std::uint64_t name) {
        auto at = place_of(name);
        if (at != others.end() && at->name == name) others.erase(at);
    }
};

struct hash_of_id {
    std::size_t operator()(const std::string& id) const { return checksum(id); }
};

using entries = std::unordered_map<std::string, entry, hash_of_id>;

}  // namespace stube
