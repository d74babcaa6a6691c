#include "stored.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace kill_test {

namespace {

namespace fs = std::filesystem;

struct closer {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// The first column of each row.
std::vector<std::string> rows(sqlite3* in, const char* query) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(in, query, -1, &made, nullptr) != SQLITE_OK) {
        throw std::runtime_error(std::string(query) + ": " + sqlite3_errmsg(in));
    }
    std::unique_ptr<sqlite3_stmt, closer> statement(made);
    std::vector<std::string> found;
    int code = sqlite3_step(made);
    for (; code == SQLITE_ROW; code = sqlite3_step(made)) {
        found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(made, 0)));
    }
    if (code != SQLITE_DONE)
        throw std::runtime_error(std::string(query) + ": " + sqlite3_errmsg(in));
    return found;
}

std::set<std::string> in_database(const fs::path& file, std::vector<std::string>& problems) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    std::unique_ptr<sqlite3, closer> connection(opened);
    if (code != SQLITE_OK) throw std::runtime_error(file.string() + ": " + sqlite3_errstr(code));
    for (const auto* check : {"PRAGMA integrity_check", "PRAGMA quick_check"}) {
        for (const auto& each : rows(opened, check))
            if (each != "ok") problems.push_back(check + (": " + each));
    }
    for (const auto& each :
         rows(opened, "SELECT why || ' ' || coalesce(conversation, '') FROM quarantine"))
        problems.push_back("in quarantine: " + each);
    const auto lonely = "SELECT name FROM part"
                        " WHERE conversation NOT IN (SELECT id FROM conversation)";
    for (const auto& each : rows(opened, lonely))
        problems.push_back("a part without a conversation: " + each);
    const auto ids = rows(opened, "SELECT id FROM conversation WHERE status = 'kept'");
    return {ids.begin(), ids.end()};
}

std::set<std::string> in_folder(const fs::path& folder, std::vector<std::string>& problems) {
    std::set<std::string> ids;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
        const auto& path = each.path();
        if (each.is_directory() || path.filename() == "lock" || path.filename() == ".mark")
            continue;
        if (path.extension() == ".json" && path.parent_path() == folder) {
            ids.insert(path.stem().string());
        } else {
            problems.push_back("in the store: " + path.string());
        }
    }
    return ids;
}

}  // namespace

void run_sql(const fs::path& database, const char* sql) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(database.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    const std::unique_ptr<sqlite3, closer> connection(opened);
    if (code != SQLITE_OK || sqlite3_exec(opened, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(opened));
}

std::set<std::string>
stored_conversations(store_kind kind, const fs::path& folder, std::vector<std::string>& problems) {
    switch (kind) {
    case store_kind::memory:
        return {};
    case store_kind::file:
        return in_folder(folder, problems);
    case store_kind::sqlite:
    case store_kind::archive:
        break;
    }
    return in_database(folder / "gallery.db", problems);
}

}  // namespace kill_test
