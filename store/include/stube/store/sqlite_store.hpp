#pragma once

#include <stube/store/store.hpp>

#include <memory>
#include <string>

namespace stube {

/// The kind of failure that an acknowledged save survives.
enum class durability {
    survives_power_loss,     ///< one sync to the disk for each batch
    survives_process_crash,  ///< also `kill -9`; a power loss may lose the last saves, but never a
                             ///< save before one that it keeps
};

struct sqlite_options {
    durability acknowledged = durability::survives_power_loss;

    /// Only reads, even while another process owns the database: takes no lock, changes no
    /// conversation, quarantines nothing (the report lists unreadable conversations), refuses
    /// saves. SQLite itself may leave its `-shm` and an empty `-wal` beside the file.
    bool read_only = false;

    /// Opens a database that is behind its high-water mark, without the missing saves. A missing or
    /// empty database is created again, and the log of the old one is renamed to `file-wal.lost`. A
    /// log of a newer database is read over this one, which may mix the two: move the log away
    /// first.
    bool accept_rollback = false;

    /// Keeps every commit of every conversation: the store implements `storage::archive`. The
    /// database gets format 3 when it is first opened with this, after a backup of the older
    /// format. Opened without it later, the database stays usable: its archive is kept, new commits
    /// are not recorded, and `keeps_archive()` is false. A database of an older format that is
    /// opened for reading only has no archive either. The log may grow to 16 MB, instead of 4 MB.
    /// Old heads can be deleted (`change_kind::trim`, <stube/store/upkeep.hpp>).
    bool archive = false;
};

/// Keeps conversations in one SQLite database, `file`, with `file-wal` and `file-shm` beside it
/// while it is open. Creates the file with mode 0600 if it is missing; its folder must exist. Other
/// programs may read the database meanwhile. A batch is one transaction: even after a crash it is
/// stored as a whole or not at all.
///
/// Owns the database until the store is destroyed, through a lock on `file.lock`: a second store on
/// it is refused at once. A damaged database, or one of another program or a newer release, is
/// refused and stays unchanged with its log. A place is also refused if the database is missing or
/// empty while its log or its high-water mark exists. A database of an older release is upgraded,
/// after a copy `file.format-<n>.backup`.
///
/// Damaged conversations are moved into the table `quarantine`, byte for byte. Each part has a
/// checksum, and each conversation has one over all its parts. To extract quarantined parts:
///
/// ```text
/// sqlite3 kept.db "SELECT * FROM quarantine"
/// sqlite3 kept.db "SELECT writefile(conversation || '.' || name || '.json', body) FROM quarantine"
/// ```
///
/// `file.mark` is the high-water mark: it records up to which transaction the database was durable,
/// at most a second late. `load_all` throws `store_rolled_back` if the database is behind it: an
/// older copy was put back, or the `-wal` file was lost. With `survives_process_crash` the mark
/// rises only at checkpoints.
///
/// The call takes the lock at once; `load_all` reports a database that cannot be used.
std::unique_ptr<store> sqlite_store(const std::string& file, sqlite_options options = {});

}  // namespace stube
