#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stube::storage {

/// A change of one entry by the batch under way. It is applied after the commit.
struct staged_entry {
    entries::value_type* slot = nullptr;
    bool is_new = false;
    bool is_removed = false;
    bool replaces_parts = false;  ///< `written` has all parts other than the head
    entry next;                   ///< the changed entry, without its other parts
    std::uint64_t part_count = 0;
    std::vector<stored_part> written;
    std::vector<std::uint64_t> dropped;  ///< hashes of names
};

/// Writes changes to the table `part`, inside a transaction of the caller. The arguments of the
/// constructor must outlive the writer.
class part_writer {
public:
    /// `has_archive`: the table has the column `archived`.
    part_writer(sqlite_connection& database, const std::filesystem::path& file, bool has_archive);

    /// Writes the rows of one change and stages its entry. The caller has set `slot`, `is_new` and
    /// `next.archived`.
    /// Throws store_refused if a row of the conversation is missing.
    void write(const change& change, std::uint64_t transaction, staged_entry& staged);

private:
    void replace(const change& change, staged_entry& staged);
    void update(const change& change, staged_entry& staged);
    void update_part(const change& change, const part& part, bool has_total, staged_entry& staged);
    void drop_part(const change& change, std::uint64_t name_hash, staged_entry& staged);
    void drop_row(const std::string& id, std::int64_t row);
    stored_part add_part(const change& change, const part& part);
    void add_head(const change& change, std::optional<std::string_view> body, staged_entry& staged);
    void set_head(const change& change, std::optional<std::string_view> body, staged_entry& staged);
    void update_head(const change& change, const part* written, staged_entry& staged);
    static std::uint64_t compute_total(staged_entry& staged);
    void compute_checksums(
        const change& change,
        std::optional<std::string_view> body,
        staged_entry& staged
    ) const;
    void check_one_row_changed(const std::string& id);

    /// Runs a statement whose last parameter exists only in a table with the column `archived`.
    template <class... Values>
    void run_with_archived(sqlite_statement& statement, std::int64_t row, const Values&... values) {
        if (!has_archive_) return statement.run(values...);
        std::optional<std::int64_t> archived;
        if (row != 0) archived = row;
        statement.run(values..., archived);
    }

    sqlite_connection& database_;
    const std::filesystem::path& file_;
    bool has_archive_;
    sqlite_statement add_part_;
    sqlite_statement add_head_;
    sqlite_statement set_part_;
    sqlite_statement set_head_;
    sqlite_statement drop_part_;
    sqlite_statement read_body_;
    std::uint64_t transaction_ = 0;  ///< of the change under way
};

}  // namespace stube::storage
