#pragma once

#include <stube/store/store.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The content of a store as a plain map, and changes to it. The contract and the tests compare
/// stores with it.
namespace stube::storage {

/// Stored conversations by id, with their parts sorted by name.
using contents = std::map<std::string, record>;

change creating(
    std::string id,
    std::uint64_t revision,
    std::vector<part> parts,
    record_status status = record_status::kept
);

change replacing(
    std::string id,
    std::uint64_t revision,
    std::vector<part> parts,
    record_status status = record_status::kept
);

change updating(
    std::string id,
    std::uint64_t revision,
    std::vector<part> written,
    std::vector<std::string> dropped = {}
);

change removing(std::string id);

/// The record with its parts sorted by name.
record in_order(record stored);

/// Applies a change as a store does. Does not check it.
void apply_change(contents& model, const change& applied);

}  // namespace stube::storage
