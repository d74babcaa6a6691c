#pragma once

#include <stube/store/store.hpp>

#include <filesystem>

namespace stube {

/// What an acknowledged save outlives.
enum class durability {
    survives_power_loss,     ///< one sync to the disk for each batch
    survives_process_crash,  ///< also `kill -9`; a power loss may take the last moments, never
                             ///< leave a hole
};

struct sqlite_options {
    durability acknowledged = durability::survives_power_loss;

    /// Only reads, also while another process owns the database: takes no lock, changes no
    /// conversation, sets nothing aside (the report tells), refuses to save. SQLite itself may
    /// leave its `-shm` and an empty `-wal` beside the file.
    bool read_only = false;

    /// Opens a database that is behind its mark, without what is missing. One that is missing or
    /// empty is made anew, and the log of the old one renamed to `file-wal.lost`. A log of a newer
    /// database is read over this one, which may mix the two: put the log away first.
    bool accept_rollback = false;
};

/// Keeps conversations in one SQLite database, `file`, with `file-wal` and `file-shm` beside it
/// while it is open. Made with mode 0600 if it is not there; its folder must be there. Other
/// programs may read it meanwhile. A batch is one transaction: also after a crash it is there as a
/// whole or not at all.
///
/// Owns the database for life through a lock on `file.lock`: a second store on it is refused at
/// once. A database of another program, of a newer release, or a damaged one is refused and left as
/// it is, with its log. So is a place where the database is missing or empty, and its log or its
/// mark is there. One of an older release is brought up to date, after a copy
/// `file.format-<n>.backup`.
///
/// Conversations that are not as they were saved (each part has a checksum, and each conversation
/// one of all its parts) are moved into the table `quarantine`, byte for byte. To take them out:
///
/// ```text
/// sqlite3 kept.db "SELECT * FROM quarantine"
/// sqlite3 kept.db "SELECT writefile(conversation || '.' || name || '.json', body) FROM quarantine"
/// ```
///
/// `file.mark` tells how far the database was durable, at most a second behind. `load_all` throws
/// `store_rolled_back` if the database is behind it: an older copy was put back, or the `-wal` file
/// got lost. With `survives_process_crash` the mark rises only when the log is carried over.
///
/// The place is taken at once; that it cannot be used is told by `load_all`.
std::unique_ptr<store> sqlite_store(const std::filesystem::path& file, sqlite_options options = {});

}  // namespace stube
