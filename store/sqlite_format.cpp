#include "store/sqlite_format.hpp"

#include "store/assert.hpp"
#include "store/files.hpp"
#include "store/sqlite_failures.hpp"

#include <cerrno>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <vector>

// Format 2 (reasons and measurements: docs/decisions/0002-store-format.md).
//
//   part        One row for each part of each conversation. Every conversation has one part
//               "head"; the head of a tombstone without a head has no body. The newest row of a
//               conversation contains the checksum of the whole conversation and its revision. The
//               newest row is the one with the highest revision among those with a
//               checksum_of_all.
//   removal     One row: the last transaction that removed a conversation.
//   log         One row: the number of write-ahead logs so far (sqlite_wal.hpp).
//   quarantine  The rows of conversations that could not be read, unchanged.
//
// The table has no index: the store keeps the row number of each part in memory, and loading reads
// all rows in their order.
//
// When an update adds a part, the head moves to the end of the table, next to the new part. So the
// next update that adds or drops a part writes both on one page. The number of pages written
// determines the cost of a save.
//
// In format 1 every save wrote the head, and only its row had the checksum of the whole.
//
// Format 3 is for a store with an archive (docs/decisions/0020-the-archive.md). The column
// `archived` of `part` has a value only in rows with a checksum_of_all, which includes it.
//
//   archive     Rows are only appended. A row with a `head` is a head, and most heads also contain
//               the body of one part. Every other row contains the body of a part. Heads list the
//               rows of their parts.
//   ended       The newest head of each archived conversation that is not in `part`.
//   alias       The names of conversations.
//   derivation  The conversations that began as a fork of a head.
//   trimmed     For each conversation whose oldest heads were deleted: the newest of these, with
//               its digest and the parts of its state. The oldest head that is kept continues it
//               (archive_base.hpp).
//   failure     The newest turns that failed (sqlite_failures.hpp).
//
// A row of `archive` whose head was trimmed is deleted, or keeps only a body that is still needed.
// A database of format 3 from before `trimmed` and `failure` gets these tables when it is opened
// for writing.

namespace stube::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t our_application = 0x73747562;  // "stub"

constexpr const char* schema = R"(
    CREATE TABLE part(
        number INTEGER PRIMARY KEY,
        conversation TEXT NOT NULL,   -- its id
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,   -- of the save that wrote it; the highest is the conversation's
        saved INTEGER NOT NULL,       -- in which transaction, counted from 1
        checksum INTEGER NOT NULL,    -- XXH3 of all of these, and of the body
        status TEXT,                  -- only of a head: kept, not_kept
        parts INTEGER,                -- only of a head: how many there are
        checksum_of_all INTEGER,      -- of the checksums of all parts, in the row written last
        body TEXT                     -- JSON
    );
    CREATE TABLE removal(saved INTEGER NOT NULL);
    INSERT INTO removal VALUES(0);
    CREATE TABLE quarantine(
        why TEXT, conversation, name, revision, saved, checksum, status, parts, checksum_of_all,
        body
    );
    PRAGMA application_id = 1937012066;
    PRAGMA user_version = 2;
)";

constexpr const char* log_table = R"(
    CREATE TABLE log(number INTEGER NOT NULL);
    INSERT INTO log VALUES(0);
)";

constexpr const char* conversation_view = R"(
    CREATE VIEW conversation AS
        SELECT conversation AS id, max(status) AS status, max(revision) AS revision,
            max(parts) AS parts, max(saved) AS saved FROM part GROUP BY conversation;
)";

constexpr const char* archive_tables = R"(
    ALTER TABLE part ADD COLUMN archived INTEGER;  -- the newest head's number in `archive`
    ALTER TABLE quarantine ADD COLUMN archived;
    CREATE TABLE archive(
        number INTEGER PRIMARY KEY,
        conversation TEXT NOT NULL,   -- its id
        previous INTEGER,             -- the number of the row of the head before
        head INTEGER,                 -- the head's number in its conversation
        parent INTEGER,               -- the head that it continues; 0 for the first
        time INTEGER,                 -- milliseconds since 1970
        event TEXT,                   -- JSON
        about TEXT,                   -- JSON
        parts TEXT,                   -- JSON: [["written", row of its body, SHA-256], ["dropped"]]
        changed INTEGER,              -- part changes since the last whole list; 0: a whole list
        digest BLOB,                  -- SHA-256, see archive_head.hpp
        body TEXT                     -- JSON, of one part
    );
    CREATE TABLE ended(
        conversation TEXT PRIMARY KEY,
        archived INTEGER NOT NULL,
        checksum INTEGER NOT NULL     -- XXH3 of both
    ) WITHOUT ROWID;
    CREATE TABLE alias(name TEXT PRIMARY KEY, conversation TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX alias_conversation ON alias(conversation);
    CREATE TABLE derivation(
        conversation TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        head INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX derivation_source ON derivation(source);
)";

constexpr const char* trimmed_table = R"(
    CREATE TABLE IF NOT EXISTS trimmed(
        conversation TEXT PRIMARY KEY,
        archived INTEGER NOT NULL,    -- the row that the newest trimmed head had
        head INTEGER NOT NULL,        -- its number
        digest BLOB NOT NULL,
        parts TEXT NOT NULL,          -- JSON: all parts of its state, as in `archive`
        checksum INTEGER NOT NULL     -- XXH3 of all of these
    ) WITHOUT ROWID;
)";

/// The rows of format 1 are valid rows of format 2. A release that supports only format 1 would
/// take the head for the newest row, so the version number keeps it from opening the database.
void to_format_2(sqlite_connection& database) {
    database.run("DROP VIEW conversation");
    database.run(conversation_view);
    database.run(log_table);
}

/// The rows of format 2 are valid rows of format 3. An older release would remove a conversation
/// without a row in `ended`, so the version number keeps it from opening the database.
void to_format_3(sqlite_connection& database) {
    database.run(archive_tables);
    database.run(trimmed_table);
    create_failure_table(database);
}

/// Copies the database. An older backup is not replaced.
void back_up(sqlite_connection& database, const fs::path& file, std::int64_t format) {
    const fs::path target = file.string() + ".format-" + std::to_string(format) + ".backup";
    const fs::path unfinished = target.string() + ".tmp";
    const auto fail = [&](const std::string& why) {
        ::unlink(unfinished.c_str());
        refuse_place(
            file,
            "it needs an upgrade from format " + std::to_string(format) +
                " to a newer one, and the backup before it failed (" + quoted(target) +
                "): " + why + ". Nothing was changed"
        );
    };
    ::unlink(unfinished.c_str());
    // Created here for its mode: SQLite would create a file that others can read.
    const file_descriptor made(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
    );
    if (!made.is_open()) fail(error_text(errno));
    try {
        sqlite_statement(database.handle(), "VACUUM INTO ?")
            .run(std::string_view(unfinished.native()));
    } catch (const sqlite_error& error) {
        fail(error.what());
    }
    int error = ::fsync(made.number()) == 0 ? 0 : errno;
    if (error == 0 && ::rename(unfinished.c_str(), unused_name(target).c_str()) != 0) error = errno;
    if (error == 0) error = sync_folder(file.parent_path());
    if (error != 0) fail(error_text(error));
}

}  // namespace

std::span<const format_step> format_steps() {
    static const std::vector<format_step> steps{to_format_2};
    return steps;
}

std::span<const format_step> format_steps_with_archive() {
    static const std::vector<format_step> steps{to_format_2, to_format_3};
    return steps;
}

bool is_empty_database(
    sqlite_connection& database,
    const fs::path& file,
    std::span<const format_step> steps
) {
    const std::int64_t newest = first_format + static_cast<std::int64_t>(steps.size());
    const std::int64_t application = database.number("PRAGMA application_id");
    const std::int64_t format = database.number("PRAGMA user_version");
    const std::int64_t tables = database.number("SELECT count(*) FROM sqlite_schema");
    if (application == 0 && format == 0 && tables == 0) return true;
    if (application != our_application) refuse_place(file, "it is a database of another program");
    if (format > newest)
        refuse_place(
            file,
            "it was written by a newer release (format " + std::to_string(format) +
                "; this release supports format " + std::to_string(newest) + " and older)"
        );
    if (format < first_format)
        refuse_place(file, "its format " + std::to_string(format) + " is not known");
    return false;
}

void create_tables(sqlite_connection& database, bool with_archive) {
    database.run("BEGIN IMMEDIATE");
    database.run(schema);
    database.run(conversation_view);
    database.run(log_table);
    if (with_archive) {
        to_format_3(database);
        database.run(("PRAGMA user_version = " + std::to_string(archive_format)).c_str());
    }
    database.run("COMMIT");
}

void complete_tables(sqlite_connection& database) {
    if (database.number("PRAGMA user_version") < archive_format) return;
    if (has_table(database, "trimmed") && has_table(database, "failure")) return;
    database.run("BEGIN IMMEDIATE");
    database.run(trimmed_table);
    create_failure_table(database);
    database.run("COMMIT");
}

bool has_table(sqlite_connection& database, std::string_view name) {
    sqlite_statement find(
        database.handle(),
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    );
    bool is_found = false;
    find.bind_all(name);
    while (find.next())
        is_found = true;
    return is_found;
}

void upgrade(
    sqlite_connection& database,
    const fs::path& file,
    std::span<const format_step> steps
) {
    std::int64_t format = database.number("PRAGMA user_version");
    const std::int64_t newest = first_format + static_cast<std::int64_t>(steps.size());
    if (format >= newest) return;
    STUBE_ASSERT(format >= first_format);
    back_up(database, file, format);
    for (; format < newest; ++format) {
        database.run("BEGIN IMMEDIATE");
        try {
            steps[static_cast<std::size_t>(format - first_format)](database);
            database.run(("PRAGMA user_version = " + std::to_string(format + 1)).c_str());
            database.run("COMMIT");
        } catch (...) {
            if (database.in_transaction())
                sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
            throw;
        }
    }
}

std::uint64_t last_transaction(sqlite_connection& database) {
    return static_cast<std::uint64_t>(database.number(
        "SELECT max(saved) FROM (SELECT saved FROM part UNION ALL SELECT saved FROM removal)"
    ));
}

std::string explain(const sqlite_error& error, const fs::path& file) {
    switch (error.primary_code()) {
    case SQLITE_NOTADB:
        return "it is not an SQLite database";
    case SQLITE_CORRUPT:
        return "the database is damaged (" + std::string(error.what()) +
               "); keep a copy of it and of its -wal file, and recover its remaining content with: "
               "sqlite3 "
               "\"" +
               file.string() + "\" .recover";
    default:
        return error.what();
    }
}

}  // namespace stube::storage
