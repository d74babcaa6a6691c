#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_index_file.hpp"
#include "store/sqlite_index_plan.hpp"
#include "store/sqlite_index_rows.hpp"

#include <stube/store/query_index.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Searching a query index.
namespace stube::storage {

/// Answers queries through a connection of its own.
class index_reader {
public:
    explicit index_reader(const std::filesystem::path& file);

    index_watermark watermark() { return read_watermark(database_); }

    std::optional<index_row> row(std::string_view id);

    std::vector<std::string> begun_deletions();

    index_page find(const index_query& query);

    sqlite_connection& database() { return database_; }

private:
    std::int64_t number_of(const std::string& component, const std::string& member) const;

    /// The statement with this text, which is prepared once.
    sqlite_statement& prepared(const std::string& text);

    sqlite_statement& bound(const bound_sql& sql);

    std::size_t count(const bound_sql& rows);

    void read_values(const index_query& query, std::int64_t conversation, index_hit& to);

    sqlite_connection database_;
    member_numbers members_;
    std::unordered_map<std::string, sqlite_statement> prepared_;
};

/// Begins a transaction, so that all reads of a call see one state.
class read_transaction {
public:
    explicit read_transaction(sqlite_connection& database) : database_(database) {
        database_.run("BEGIN");
    }
    read_transaction(const read_transaction&) = delete;
    read_transaction& operator=(const read_transaction&) = delete;
    ~read_transaction() { sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr); }

private:
    sqlite_connection& database_;
};

}  // namespace stube::storage
