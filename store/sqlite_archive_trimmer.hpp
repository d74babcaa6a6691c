#pragma once

#include "store/sqlite_archive_rows.hpp"
#include "store/sqlite_connection.hpp"

#include <stube/store/store.hpp>

#include <cstdint>
#include <set>
#include <string>

namespace stube::storage {

/// Deletes the oldest heads of a conversation, inside a transaction of the caller. Heads that stay
/// are not rewritten: a row of the table `trimmed` takes the place of the deleted ones. The
/// arguments of the constructor must outlive the trimmer.
class archive_trimmer {
public:
    archive_trimmer(sqlite_connection& database, archive_rows& rows);

    /// Applies a `change_kind::trim`. `newest` is the row of the newest head; 0 without one. The
    /// cost depends on the number of trimmed heads and of parts, not on the heads that stay. Throws
    /// store_conflict, store_refused, sqlite_error.
    void trim(const change& change, std::int64_t newest);

private:
    head_link find_last(const change& change);
    void check_may_trim(const std::string& id, const head_link& last, std::int64_t newest);
    std::set<std::int64_t> find_old_rows(const std::string& id, head_link last, std::int64_t end);
    std::set<std::int64_t> search_old_rows(const std::string& id, std::int64_t last);
    void put_base(const std::string& id, const archive_base& base);

    archive_rows& rows_;
    sqlite_statement find_head_;
    sqlite_statement search_rows_;
    sqlite_statement delete_row_;
    sqlite_statement keep_body_;
    sqlite_statement put_base_;
};

}  // namespace stube::storage
