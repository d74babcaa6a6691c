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
};

/// Keeps conversations in one SQLite database, `file`, with `file-wal` and `file-shm` beside it
/// while it is open. Made with mode 0600 if it is not there; its folder must be there. Other
/// programs may read it meanwhile. A batch is one transaction: also after a crash it is there as a
/// whole or not at all.
///
/// Owns the database for life through a lock on `file.lock`: a second store on it is refused at
/// once. A database of another program, of a newer release, or a damaged one is refused and left as
/// it is. Conversations that cannot be read are moved into the table `quarantine`. Throws
/// `store_refused`.
std::unique_ptr<store> sqlite_store(const std::filesystem::path& file, sqlite_options options = {});

}  // namespace stube
