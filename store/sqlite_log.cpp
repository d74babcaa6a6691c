#include "store/sqlite_log.hpp"

#include "store/files.hpp"

#include <stube/store/store.hpp>

namespace stube {
namespace {

namespace fs = std::filesystem;

constexpr const char* table = "SELECT count(*) FROM sqlite_schema WHERE name = 'log'";

/// 0 before there was a first log.
std::int64_t number_in(sqlite_connection& database) {
    return database.number(table) == 0 ? 0 : database.number("SELECT number FROM log");
}

/// What the file says without its log; -1 if it cannot be read so, as after a crash while a log was
/// being carried over.
std::int64_t number_alone(const fs::path& file) {
    try {
        sqlite_connection alone(file, sqlite_connection::access::reads_without_log);
        return number_in(alone);
    } catch (const sqlite_error&) {
        return -1;
    }
}

}  // namespace

void log_counter::read(sqlite_connection& database, const fs::path& file, bool accepted) {
    // In this order: whoever writes meanwhile carries over what the log says already.
    number_ = number_in(database);
    std::int64_t carried_over = number_alone(file);
    is_due_ = number_ == carried_over;
    if (carried_over < 0 || number_ - carried_over <= 1 || accepted) return;
    throw store_rolled_back(
        "the store " + quoted(file) + " is older than its log " +
        quoted(fs::path(file.string() + "-wal")) + ", which is the log number " +
        std::to_string(number_) + ", and the database ends with " + std::to_string(carried_over) +
        ". It was replaced by an older copy. Nothing was changed. Put back the database to which "
        "the -wal file belongs; or, to go on with the older one, move the -wal file away"
    );
}

}  // namespace stube
