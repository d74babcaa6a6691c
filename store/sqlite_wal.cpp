#include "store/sqlite_wal.hpp"

#include "store/files.hpp"

#include <stube/store/store.hpp>

namespace stube::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* count_log_tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'log'";

/// 0 if the database does not count its logs yet.
std::int64_t log_number(sqlite_connection& database) {
    return database.number(count_log_tables) == 0 ? 0 : database.number("SELECT number FROM log");
}

/// The number in the database file without its log; -1 if the file cannot be read alone, as after a
/// crash in the middle of a checkpoint.
std::int64_t log_number_in_file(const fs::path& file) {
    try {
        sqlite_connection alone(file, sqlite_connection::access::reads_without_log);
        return log_number(alone);
    } catch (const sqlite_error&) {
        return -1;
    }
}

}  // namespace

void wal_counter::read(sqlite_connection& database, const fs::path& file, bool is_accepted) {
    // The log comes first: a checkpoint by another process between the two reads then only brings
    // the file closer to the log.
    number_ = log_number(database);
    const std::int64_t number_in_file = log_number_in_file(file);
    is_due_ = number_ == number_in_file;
    if (number_in_file < 0 || number_ - number_in_file <= 1 || is_accepted) return;
    throw store_rolled_back(
        "the store " + quoted(file) + " is older than its log " +
        quoted(fs::path(file.string() + "-wal")) + ", which is log number " +
        std::to_string(number_) + ", but the database ends with log number " +
        std::to_string(number_in_file) +
        ". The database was replaced by an older copy. Nothing was changed. Put back the database "
        "to which the -wal file belongs; or, to continue with the older copy, move the -wal file "
        "away"
    );
}

}  // namespace stube::storage
