#include "store/sqlite_index_file.hpp"

#include "store/files.hpp"
#include "store/sqlite_format.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

// Current facts and past ones have a table each: a search reads only current values, and the past
// values of a conversation are adjacent.

namespace stube::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t index_application = 0x73746978;  // "stix"
constexpr std::int64_t index_format = 3;
constexpr const char* unfinished = ".new";  // added to the name of an index that is being made

constexpr const char* index_tables = R"(
    CREATE TABLE state(schema TEXT NOT NULL, position INTEGER NOT NULL, digest BLOB NOT NULL);
    CREATE TABLE conversation(
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        principal TEXT NOT NULL,
        mount TEXT NOT NULL,
        component TEXT NOT NULL,
        step INTEGER NOT NULL,
        head INTEGER NOT NULL,
        created INTEGER NOT NULL,
        touched INTEGER NOT NULL,
        since INTEGER NOT NULL,
        ended INTEGER NOT NULL,       -- 0 or 1
        awaited TEXT NOT NULL         -- the names in `awaited`, each as "<bytes>:<name>"
    );
    CREATE INDEX conversation_principal ON conversation(principal);
    CREATE INDEX conversation_component ON conversation(component);
    CREATE INDEX conversation_created ON conversation(created);
    CREATE INDEX conversation_touched ON conversation(touched);
    CREATE INDEX conversation_since ON conversation(since);
    CREATE TABLE awaited(
        who TEXT NOT NULL,
        since INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        PRIMARY KEY(who, since, conversation)
    ) WITHOUT ROWID;
    CREATE TABLE member(
        number INTEGER PRIMARY KEY,
        component TEXT NOT NULL,
        path TEXT NOT NULL            -- empty: the instance itself
    );
    CREATE TABLE fact(
        conversation INTEGER NOT NULL,
        member INTEGER NOT NULL,
        instance INTEGER NOT NULL,
        value,
        from_head INTEGER NOT NULL,
        PRIMARY KEY(conversation, member, instance)
    ) WITHOUT ROWID;
    CREATE INDEX fact_value ON fact(member, value, conversation, instance);
    CREATE TABLE past_fact(
        conversation INTEGER NOT NULL,
        member INTEGER NOT NULL,
        instance INTEGER NOT NULL,
        from_head INTEGER NOT NULL,
        to_head INTEGER NOT NULL,
        value,
        PRIMARY KEY(conversation, member, instance, from_head)
    ) WITHOUT ROWID;
    CREATE TABLE deletion(            -- heads of these are being deleted from the archive
        conversation TEXT PRIMARY KEY -- its id
    ) WITHOUT ROWID;
    CREATE VIEW conversations AS
        SELECT id, principal, mount, component, step, head, created, touched, since, ended
        FROM conversation;
    CREATE VIEW waiting AS
        SELECT c.id AS conversation, a.who, a.since
        FROM awaited a JOIN conversation c ON c.number = a.conversation;
    CREATE VIEW facts AS
        SELECT c.id AS conversation, m.component, m.path AS member, f.instance, f.value,
            f.from_head, f.to_head
        FROM (SELECT conversation, member, instance, value, from_head, NULL AS to_head FROM fact
            UNION ALL
            SELECT conversation, member, instance, value, from_head, to_head FROM past_fact) f
        JOIN conversation c ON c.number = f.conversation
        JOIN member m ON m.number = f.member
        WHERE m.path <> '';
    PRAGMA application_id = 1937009016;
    PRAGMA user_version = 3;
)";

void add_members(sqlite_connection& database, const index_schema& components) {
    sqlite_statement add(database.handle(), "INSERT INTO member(component, path) VALUES(?, ?)");
    for (const auto& component : components) {
        if (component.members.empty()) continue;
        add.run(component.name, std::string());
        for (const auto& member : component.members)
            add.run(component.name, member);
    }
}

}  // namespace

void remove_index(const std::string& file) {
    for (const char* part : {"", unfinished}) {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
            const fs::path path = file + part + suffix;
            if (::unlink(path.c_str()) != 0 && errno != ENOENT)
                throw store_refused("cannot delete " + quoted(path) + ": " + error_text(errno));
        }
    }
}

std::string text_of(const index_schema& components) {
    std::string out;
    for (const auto& component : components) {
        out.append(component.name).append(" ").append(std::to_string(component.version));
        for (const auto& member : component.members)
            out.append(" ").append(member);
        out += '\n';
    }
    return out;
}

std::string find_mismatch(sqlite_connection& database, const std::string& schema_text) {
    if (database.number("PRAGMA application_id") != index_application)
        return "it is not a query index";
    if (database.number("PRAGMA user_version") != index_format) return "it has another format";
    if (database.text("SELECT schema FROM state") != schema_text)
        return "the program has other components or other indexed members";
    return {};
}

namespace {

/// SQLite would create a file that others can read.
void create_private_file(const fs::path& file) {
    const file_descriptor made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made.is_open())
        throw store_refused("cannot create " + quoted(file) + ": " + error_text(errno));
}

void write_new_index(const fs::path& file, const index_schema& components) {
    create_private_file(file);
    sqlite_connection database(file);
    configure_index(database);
    database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
    database.run(index_tables);
    add_members(database, components);
    const std::array<std::uint8_t, 32> none{};
    sqlite_statement(database.handle(), "INSERT INTO state VALUES(?, 0, ?)")
        .run(text_of(components), std::span<const std::uint8_t>(none));
    database.run("COMMIT");
}

}  // namespace

void copy_index(const std::string& from, const std::string& to) {
    remove_index(to);
    create_private_file(to);
    try {
        sqlite_connection database(from, sqlite_connection::access::reads);
        sqlite_statement(database.handle(), "VACUUM INTO ?").run(to);
    } catch (const sqlite_error& error) {
        throw store_refused("cannot copy " + quoted(fs::path(from)) + ": " + explain(error, from));
    }
}

void create_index(const fs::path& file, const index_schema& components) {
    remove_index(file);
    // A process that is killed now leaves no incomplete index under the name.
    const fs::path unnamed = file.string() + unfinished;
    write_new_index(unnamed, components);
    if (::rename(unnamed.c_str(), file.c_str()) != 0)
        throw store_refused("cannot create " + quoted(file) + ": " + error_text(errno));
}

index_watermark read_watermark(sqlite_connection& database) {
    index_watermark found;
    sqlite_statement read(database.handle(), "SELECT position, digest FROM state");
    while (read.next()) {
        found.position = as_unsigned(read.number(0));
        const auto stored = read.blob(1);
        if (stored.size() == found.digest.size()) std::ranges::copy(stored, found.digest.begin());
    }
    return found;
}

void configure_index(sqlite_connection& database) {
    database.run("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
                 "PRAGMA cache_size = -16000");
}

index_inspection inspect_index(const std::string& file, const index_schema& components) {
    index_inspection found;
    found.exists = fs::exists(file);
    if (!found.exists) return found;
    try {
        sqlite_connection database(file, sqlite_connection::access::reads);
        found.unusable_because = find_mismatch(database, text_of(components));
        if (found.unusable_because.empty()) found.watermark = read_watermark(database);
    } catch (const sqlite_error& error) {
        if (!is_damage(error))
            throw store_refused(quoted(fs::path(file)) + ": " + explain(error, file));
        found.unusable_because = error.what();
    }
    return found;
}

bool is_damage(const sqlite_error& error) {
    return error.primary_code() == SQLITE_CORRUPT || error.primary_code() == SQLITE_NOTADB;
}

namespace {

/// The rows of a table or view with names instead of numbers, of which both files must have the
/// same.
struct compared_rows {
    const char* name;
    const char* columns;
    const char* from;
};

constexpr compared_rows all_compared[] = {
    {"conversation",
     "id, principal, mount, component, step, head, created, touched, since, ended, awaited",
     "%.conversation"},
    {"awaited",
     "a.who, a.since, c.id",
     "%.awaited a LEFT JOIN %.conversation c ON c.number = a.conversation"},
    {"fact",
     "c.id, m.component, m.path, f.instance, f.value, f.from_head",
     "%.fact f LEFT JOIN %.conversation c ON c.number = f.conversation"
     " LEFT JOIN %.member m ON m.number = f.member"},
    {"past_fact",
     "c.id, m.component, m.path, f.instance, f.from_head, f.to_head, f.value",
     "%.past_fact f LEFT JOIN %.conversation c ON c.number = f.conversation"
     " LEFT JOIN %.member m ON m.number = f.member"},
};

std::string select_from(const compared_rows& rows, const std::string& database) {
    std::string out = std::string("SELECT ") + rows.columns + " FROM ";
    for (const char c : std::string_view(rows.from))
        c == '%' ? out += database : out += c;
    return out;
}

void add_rows(
    sqlite_connection& database,
    const std::string& sql,
    const std::string& title,
    std::size_t count,
    std::vector<std::string>& to
) {
    sqlite_statement read(database.handle(), sql.c_str());
    while (to.size() < count && read.next()) {
        std::string line = title;
        for (int i = 0; i < sqlite3_column_count(read.handle()); ++i)
            line.append(i == 0 ? " " : " | ").append(read.text(i));
        to.push_back(std::move(line));
    }
}

}  // namespace

std::vector<std::string>
compare_indexes(const std::string& expected, const std::string& found, std::size_t count) {
    try {
        sqlite_connection database(expected, sqlite_connection::access::reads);
        sqlite_statement(database.handle(), "ATTACH ? AS found").run(found);
        std::vector<std::string> differences;
        for (const auto& rows : all_compared) {
            const auto ours = select_from(rows, "main");
            const auto theirs = select_from(rows, "found");
            const std::string title = std::string(rows.name) + ": ";
            const auto add = [&](std::string sql, const std::string& without, const char* kind) {
                sql.append(" EXCEPT ").append(without);
                add_rows(database, sql, title + kind, count, differences);
            };
            add(ours, theirs, "missing:");
            add(theirs, ours, "unexpected:");
        }
        return differences;
    } catch (const sqlite_error& error) {
        throw store_refused(quoted(fs::path(found)) + ": " + explain(error, found));
    }
}

}  // namespace stube::storage
