#pragma once

#include "store/sqlite_connection.hpp"

#include <cstdint>
#include <filesystem>

/// Detects a write-ahead log that belongs to another database. SQLite applies a log to any database
/// it finds beside it, even to an older copy that somebody put back. So the table `log` counts the
/// logs: the first save into a new log raises the number, and the database file gets the new number
/// at the checkpoint. A database file is therefore at most one behind its log.
namespace stube::storage {

class wal_counter {
public:
    /// Reads the number through the log and from the database file alone. Throws store_rolled_back
    /// if the file is too far behind and the caller does not accept that.
    void read(sqlite_connection& database, const std::filesystem::path& file, bool is_accepted);

    /// True if the next transaction starts a new log and must store next().
    bool is_due() const { return is_due_; }

    std::int64_t next() const { return number_ + 1; }

    /// Call after the transaction that stored next() was committed.
    void count() {
        ++number_;
        is_due_ = false;
    }

    /// Call after a checkpoint of the whole log.
    void end_log() { is_due_ = true; }

private:
    std::int64_t number_ = 0;
    bool is_due_ = true;
};

}  // namespace stube::storage
