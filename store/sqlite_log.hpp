#pragma once

#include "store/sqlite_connection.hpp"

#include <cstdint>
#include <filesystem>

/// Which log belongs to which database. SQLite applies a log to whatever database it finds beside
/// it, also to an older copy that somebody put back. So the table `log` counts the logs: the first
/// save in a new one raises the number, and the database itself gets it when the log is carried
/// over. A database is therefore at most one behind its log.
namespace stube {

class log_counter {
public:
    /// Looks into a database through its log and beside it. Throws store_rolled_back if they do not
    /// belong together, unless that is accepted.
    void read(sqlite_connection& database, const std::filesystem::path& file, bool accepted);

    /// True if the next transaction must note that it begins a log.
    bool is_due() const { return is_due_; }

    std::int64_t next() const { return number_ + 1; }

    /// That transaction was committed.
    void count() {
        ++number_;
        is_due_ = false;
    }

    /// The log was carried over as a whole.
    void end_log() { is_due_ = true; }

private:
    std::int64_t number_ = 0;
    bool is_due_ = true;
};

}  // namespace stube
