#include "store/sqlite_failures.hpp"

#include <string>

namespace stube::storage {
namespace {

constexpr const char* failure_table = R"(
    CREATE TABLE IF NOT EXISTS failure(
        number INTEGER PRIMARY KEY,
        conversation TEXT NOT NULL,   -- its id
        after INTEGER NOT NULL,       -- the newest head at that time
        time INTEGER NOT NULL,        -- milliseconds since 1970
        event TEXT NOT NULL,          -- JSON
        why TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS failure_conversation ON failure(conversation);
)";

}  // namespace

void create_failure_table(sqlite_connection& database) {
    database.run(failure_table);
}

failure_rows::failure_rows(sqlite_connection& database)
    : add_(
          database.handle(),
          "INSERT INTO failure(conversation, after, time, event, why) VALUES(?, ?, ?, ?, ?)"
      ),
      trim_(
          database.handle(),
          "DELETE FROM failure WHERE number IN (SELECT number FROM failure WHERE conversation = ?"
          " ORDER BY number DESC LIMIT -1 OFFSET ?)"
      ),
      trim_all_(
          database.handle(),
          "DELETE FROM failure WHERE number <= (SELECT max(number) FROM failure) - ?"
      ),
      erase_(database.handle(), "DELETE FROM failure WHERE conversation = ?"),
      read_(
          database.handle(),
          "SELECT after, time, event, why FROM failure WHERE conversation = ? ORDER BY number"
      ) {}

void failure_rows::append(const archived_failure& failed) {
    const auto after = static_cast<std::int64_t>(failed.after_head);
    add_.run(failed.id, after, failed.time, failed.event, failed.why);
    trim_.run(failed.id, static_cast<std::int64_t>(kept_failures));
    trim_all_.run(static_cast<std::int64_t>(all_kept_failures));
}

void failure_rows::erase(std::string_view id) {
    erase_.run(id);
}

std::vector<archived_failure> failure_rows::read(std::string_view id) {
    std::vector<archived_failure> out;
    read_.bind_all(id);
    while (read_.next())
        out.push_back(
            {std::string(id),
             static_cast<std::uint64_t>(read_.number(0)),
             read_.number(1),
             std::string(read_.text(2)),
             std::string(read_.text(3))}
        );
    return out;
}

}  // namespace stube::storage
