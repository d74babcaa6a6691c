#pragma once

#include "store/archive_parts.hpp"
#include "store/sqlite_archive_rows.hpp"
#include "store/sqlite_archive_trimmer.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"
#include "store/sqlite_failures.hpp"

#include <stube/store/store.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stube::storage {

/// Writes the tables of the archive, inside the transactions of the store. Also needed by a store
/// without the archive whose database has the tables: a removed conversation keeps its history, and
/// a forgotten one loses it. The arguments of the constructor must outlive the writer.
class archive_writer {
public:
    /// `records`: commits are appended. Otherwise the writer ignores them.
    archive_writer(sqlite_connection& database, const std::filesystem::path& file, bool records);

    /// Writes the rows of one change. Called before the rows of `part` change. `stored` is the
    /// entry before the change; null if the conversation is not stored. Returns the row of the
    /// newest head that belongs into the entry. Throws store_conflict for an alias of another
    /// conversation, store_refused, sqlite_error.
    std::int64_t write(const change& change, const entry* stored);

    /// Deletes old heads, for a `change_kind::trim`. Throws store_conflict, store_refused,
    /// sqlite_error.
    void trim(const change& change, const entry* stored);

    /// True if the batch deletes rows that a reader may be about to read.
    bool deletes_rows() const { return deletes_rows_; }

    /// End the batch. Cannot fail.
    void on_commit();
    void on_rollback();

    /// Appends a failure, unless its conversation is not archived. `stored` is as for `write`.
    void write(const archived_failure& failed, const entry* stored);

    /// Records the newest head of a conversation that is not in `part` any more.
    void keep_history(const std::string& id, std::int64_t archived);

private:
    static void check_is_new(const change& change, std::uint64_t newest);
    void check_has_not_ended(const change& change);
    std::int64_t append(const change& change, const entry* stored);
    std::int64_t next_row(std::int64_t lowest);
    void add_head(
        const std::string& id,
        std::int64_t previous,
        const archived_commit& commit,
        const part_changes& changes,
        std::optional<std::string_view> body,
        newest_head& head
    );
    newest_head& find_newest(const std::string& id, const entry* stored, bool& is_gap);
    newest_head read(const std::string& id, std::int64_t row);
    std::vector<part>
    complete(const archived_commit& commit, const std::string& id, const entry* stored);
    part_changes find_changes(
        const part_list& before,
        const std::vector<part>& written,
        const std::vector<std::string>* dropped
    );
    std::optional<std::string_view> add_bodies(
        const std::string& id,
        const std::vector<part>& written,
        const newest_head& head,
        part_changes& changes
    );
    void add_aliases(const std::string& id, const std::vector<std::string>& names);
    void forget(const std::string& id, std::int64_t newest);
    void delete_chain(const std::string& id, std::int64_t row);

    bool records_;
    archive_rows rows_;
    sqlite_statement last_row_;
    sqlite_statement add_body_;
    sqlite_statement add_head_;
    sqlite_statement put_ended_;
    sqlite_statement delete_ended_;
    sqlite_statement find_alias_;
    sqlite_statement add_alias_;
    sqlite_statement delete_aliases_;
    sqlite_statement put_derivation_;
    sqlite_statement delete_derivations_;
    sqlite_statement delete_base_;
    sqlite_statement delete_row_;
    sqlite_statement delete_all_rows_;
    sqlite_statement read_part_;
    archive_trimmer trimmer_;
    failure_rows failures_;
    newest_heads newest_;
    std::vector<const std::string*> in_batch_;  ///< the ids whose cached head is not committed
    std::int64_t next_row_ = 0;                 ///< 0 if it is not known
    bool deletes_rows_ = false;
};

}  // namespace stube::storage
