#pragma once

#include <stube/runtime/context.hpp>
#include <stube/store/store.hpp>
#include <stube/store/upkeep.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Erases all data of one user from a store. An application offers it with one line,
/// `app::erase_principal`.
///
/// Erased as a whole: every conversation that the principal began, with its current state or
/// tombstone, its quarantined parts, and its archive (heads, bodies, aliases, forks). Damaged rows
/// are erased too. Of a conversation that somebody else began and in which the archive has events
/// of the principal, the whole archive is erased; the current state stays, and the next commit
/// begins a new archive.
///
/// Afterwards, all texts and files of the store are searched for the name. What is found is in the
/// result, so that a person can decide. The search finds the name as a word ("ada" is not in
/// "adamant" or in a random id) and not, for example, an address or a nickname of the user.
/// Backups, logs and the application's own data are outside of its reach.
///
/// The SQLite store keeps a record of each erasure: the time and numbers, and nothing that
/// identifies.
namespace stube {

/// The result of `erase_principal`.
struct principal_erasure {
    /// A conversation that still contains the name.
    struct remainder {
        std::string id;
        storage::stored_text::place where = storage::stored_text::place::current;

        friend auto operator<=>(const remainder&, const remainder&) = default;
    };

    storage::erased_counts counts;
    std::vector<std::string> histories;  ///< conversations of others whose archive was erased
    /// Conversations of others that began as a fork of an erased one, so with a copy of its state.
    std::vector<std::string> copies;
    std::vector<remainder> left;
    /// Files of the store, and copies beside it, that contain the name as JSON text.
    std::vector<std::string> files;

    bool is_complete() const { return copies.empty() && left.empty() && files.empty(); }
};

/// Loads the store and erases. No server may use the store, which its lock guarantees. A call that
/// was interrupted is repeated. Throws `std::invalid_argument` for an empty name, and
/// `store_refused` for a store that cannot be read or cannot erase (a store of your own without the
/// capability `storage::eraser`), or `store_unknown`.
principal_erasure erase_principal(store& from, std::string_view name, time_point now);

/// The result as readable text. It contains ids and paths, and not the name.
std::string report_of(const principal_erasure& done);

}  // namespace stube
