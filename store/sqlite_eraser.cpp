#include "store/sqlite_eraser.hpp"

#include "store/checksum.hpp"
#include "store/file_eraser.hpp"
#include "store/files.hpp"
#include "store/status_text.hpp"

#include <algorithm>

namespace stube::storage {
namespace {

/// A damaged id need not be text.
constexpr const char* delete_current = R"(
    DELETE FROM part WHERE CAST(conversation AS TEXT) IN (SELECT id FROM erased WHERE is_whole);
    DELETE FROM quarantine
        WHERE CAST(conversation AS TEXT) IN (SELECT id FROM erased WHERE is_whole);
)";

constexpr const char* delete_archived = R"(
    DELETE FROM archive WHERE CAST(conversation AS TEXT) IN (SELECT id FROM erased);
    DELETE FROM trimmed WHERE conversation IN (SELECT id FROM erased);
    DELETE FROM failure WHERE conversation IN (SELECT id FROM erased);
    DELETE FROM ended WHERE conversation IN (SELECT id FROM erased);
    DELETE FROM alias WHERE CAST(conversation AS TEXT) IN (SELECT id FROM erased);
    DELETE FROM derivation WHERE conversation IN (SELECT id FROM erased)
        OR source IN (SELECT id FROM erased);
)";

/// The table has nothing that identifies a person.
constexpr const char* erasure_table = R"(
    CREATE TABLE IF NOT EXISTS erasure(
        number INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,           -- milliseconds since 1970
        conversations INTEGER NOT NULL,  -- those that had a current state
        archived INTEGER NOT NULL,       -- those whose archive was deleted
        heads INTEGER NOT NULL
    );
)";

}  // namespace

void sqlite_eraser::each_text(const std::function<void(const stored_text&)>& each) {
    using enum stored_text::place;
    const auto read = [&](const char* query, stored_text::place where) {
        sqlite_statement rows(database_.handle(), query);
        rows.bind_all();
        while (rows.next())
            each({rows.text(0), where, rows.text(1)});
    };
    read("SELECT conversation, body FROM part WHERE body NOT NULL", current);
    read("SELECT conversation, body FROM quarantine WHERE body NOT NULL", quarantine);
    if (!has_archive_) return;
    read("SELECT conversation, event FROM archive WHERE event NOT NULL", archive);
    read("SELECT conversation, about FROM archive WHERE about NOT NULL", archive);
    read("SELECT conversation, body FROM archive WHERE body NOT NULL", archive);
    read("SELECT conversation, name FROM alias", archive);
    read("SELECT conversation, event FROM failure", archive);
    read("SELECT conversation, why FROM failure", archive);
}

std::vector<std::string> sqlite_eraser::forks_of(std::span<const std::string> ids) {
    std::vector<std::string> forks;
    if (!has_archive_) return forks;
    sqlite_statement find(
        database_.handle(),
        "SELECT conversation FROM derivation WHERE source = ?"
    );
    for (const auto& id : ids) {
        find.bind_all(id);
        while (find.next())
            forks.emplace_back(find.text(0));
    }
    return forks;
}

void sqlite_eraser::set(const erasure& what) {
    database_.run("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
                  " CREATE TEMP TABLE IF NOT EXISTS erased(id TEXT PRIMARY KEY, is_whole INTEGER);"
                  " DELETE FROM erased");
    sqlite_statement add(database_.handle(), "INSERT OR IGNORE INTO erased VALUES(?, ?)");
    for (const auto& id : what.conversations)
        add.run(id, std::int64_t{1});
    for (const auto& id : what.histories)
        add.run(id, std::int64_t{0});
}

erased_counts sqlite_eraser::delete_rows(const erasure& what) {
    const auto count = [&](const char* query) { return as_unsigned(database_.number(query)); };
    erased_counts counts;
    counts.conversations = count("SELECT count(DISTINCT conversation) FROM part"
                                 " WHERE conversation IN (SELECT id FROM erased WHERE is_whole)");
    if (has_archive_) {
        counts.archived = count("SELECT count(DISTINCT conversation) FROM archive"
                                " WHERE CAST(conversation AS TEXT) IN (SELECT id FROM erased)");
        counts.heads = count("SELECT count(head) FROM archive"
                             " WHERE CAST(conversation AS TEXT) IN (SELECT id FROM erased)");
        database_.run(delete_archived);
    }
    database_.run(delete_current);
    if (!what.conversations.empty() || !what.histories.empty()) record(what, counts);
    return counts;
}

void sqlite_eraser::record(const erasure& what, const erased_counts& counts) {
    database_.run(erasure_table);
    sqlite_statement(
        database_.handle(),
        "INSERT INTO erasure(time, conversations, archived, heads) VALUES(?, ?, ?, ?)"
    )
        .run(
            what.time,
            as_sql(counts.conversations),
            as_sql(counts.archived),
            as_sql(counts.heads)
        );
}

std::uint64_t sqlite_eraser::detach_history(const std::string& id, const entry& stored) {
    const std::uint64_t total = conversation_checksum(
        stored.parts_checksum,
        stored.part_count(),
        status_text(stored.status)
    );
    sqlite_statement(
        database_.handle(),
        "UPDATE part SET archived = NULL WHERE conversation = ? AND archived NOT NULL"
    )
        .run(id);
    sqlite_statement(
        database_.handle(),
        "UPDATE part SET checksum_of_all = ?"
        " WHERE conversation = ? AND revision = ? AND checksum_of_all NOT NULL"
    )
        .run(as_sql(total), id, as_sql(stored.revision));
    return total;
}

void sqlite_eraser::clean_files() {
    // Before the rest, because after a kill the next start would use the index.
    delete_index();
    // The pages of the database have remnants of rows that were deleted or moved before.
    database_.run("DROP TABLE IF EXISTS temp.erased; PRAGMA temp_store = DEFAULT; VACUUM");
    const int code = sqlite3_wal_checkpoint_v2(
        database_.handle(),
        nullptr,
        SQLITE_CHECKPOINT_TRUNCATE,
        nullptr,
        nullptr
    );
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        throw store_refused(
            quoted(file_) + ": the rows are deleted, but the log still has their bytes (" +
            sqlite3_errstr(code) + "); end the programs that read the database, and erase again"
        );
    if (code != SQLITE_OK) throw sqlite_error(code, sqlite3_errstr(code));
}

/// With its log and its unfinished copies.
void sqlite_eraser::delete_index() {
    const std::string index = file_.filename().string() + ".index";
    for (const auto& each : files()) {
        std::error_code failed;
        if (each.filename().string().starts_with(index)) std::filesystem::remove(each, failed);
        if (failed)
            throw store_refused(
                "the rows are deleted, but not the index " + quoted(each) + " (" +
                failed.message() + "); erase again"
            );
    }
    if (const int error = sync_folder(file_.parent_path()))
        throw store_refused(
            "the rows are deleted, but the folder of the index was not synced (" +
            error_text(error) + "); erase again"
        );
}

std::vector<std::string> sqlite_eraser::files_with(std::span<const std::string> texts) const {
    std::vector<std::string> found;
    for (const auto& each : files())
        if (contains_any(each, texts)) found.push_back(each.string());
    return found;
}

std::vector<std::filesystem::path> sqlite_eraser::files() const {
    const std::string name = file_.filename().string();
    std::vector<std::filesystem::path> found;
    for (const auto& each : std::filesystem::directory_iterator(file_.parent_path()))
        if (each.is_regular_file() && each.path().filename().string().starts_with(name))
            found.push_back(each.path());
    std::ranges::sort(found);
    return found;
}

}  // namespace stube::storage
