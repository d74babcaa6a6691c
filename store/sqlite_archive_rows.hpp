#pragma once

#include "store/archive_base.hpp"
#include "store/archive_parts.hpp"
#include "store/sqlite_connection.hpp"

#include <stube/store/store.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Reading the tables of the archive, for the writer and for the reader.
namespace stube::storage {

/// The head of a row, without its content.
struct head_link {
    std::int64_t row = 0;
    std::int64_t previous = 0;
    std::uint64_t number = 0;
};

/// A row of a head.
struct head_row {
    std::int64_t row = 0;
    std::int64_t previous = 0;  ///< the row of the head before; 0 for the first
    archived_head head;
    std::uint64_t changed = 0;  ///< 0 if the head has a whole list
    part_changes parts;

    head_link link() const { return {row, previous, head.number}; }
};

/// Reads rows through one connection, and verifies them. The arguments of the constructor must
/// outlive the object.
/// Errors: `store_refused` for a row that is not what it should be, `sqlite_error`.
class archive_rows {
public:
    archive_rows(sqlite_connection& database, const std::filesystem::path& file);

    /// The row of the newest head of a conversation that has ended; 0 if there is none.
    std::int64_t find_ended(std::string_view id);

    /// The newest trimmed head; nothing if the conversation was never trimmed. A chain of heads
    /// ends before its row.
    std::optional<archive_base> find_base(std::string_view id);

    /// The row at which the chain of a conversation ends: the row of its base, or 0.
    std::int64_t find_end(std::string_view id);

    /// The link of the head in this row. `after` is the head whose previous head it is; null for
    /// the newest one.
    head_link read_link(std::string_view id, std::int64_t row, const head_link* after);

    /// The head of a link, verified.
    head_row read_head(std::string_view id, const head_link& link);

    /// The digest of the head in this row, which may be the base; 32 zeros if the row is neither.
    digest read_digest_of(std::string_view id, std::int64_t row);

    /// The head `at` with all its parts.
    newest_head read_parts(std::string_view id, head_row at);

    /// The body of a part, verified. `head` is for the message.
    std::string read_body(std::string_view id, std::uint64_t head, const archived_part& part);

    /// The number of rows of the archive that were read so far.
    std::uint64_t rows_read() const { return rows_read_; }

    sha256& hash() { return hash_; }

private:
    [[noreturn]] void fail(std::string_view id, const std::string& what) const;

    const std::filesystem::path& file_;
    sqlite_statement find_ended_;
    std::optional<sqlite_statement> find_base_;  ///< empty if the database has no table for it
    sqlite_statement read_link_;
    sqlite_statement read_head_;
    sqlite_statement read_digest_;
    sqlite_statement read_body_;
    sha256 hash_;
    std::uint64_t rows_read_ = 0;
};

}  // namespace stube::storage
