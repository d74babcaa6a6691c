#pragma once

#include <stube/store/store.hpp>

#include <cstdint>
#include <map>
#include <optional>
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

/// The archive of one conversation; empty if it was forgotten.
struct model_archive {
    /// The oldest first, without digests, and with parts sorted by name.
    std::vector<archived_state> heads;
    std::vector<std::string> aliases;  ///< sorted
    std::optional<fork_origin> origin;
    std::vector<archived_failure> failures;  ///< the oldest first
};

/// The archives by the id of the conversation, also of conversations that have ended.
using archive_contents = std::map<std::string, model_archive>;

/// Applies a change as an archive does. `stored` is the content of the store before the change.
/// Does not check it.
void apply_commit(archive_contents& model, const contents& stored, const change& applied);

/// Appends a failure as an archive does. Does not check it.
void apply_failure(archive_contents& model, const archived_failure& failed);

}  // namespace stube::storage
