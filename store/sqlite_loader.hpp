#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stube::storage {

/// Rows that do not form a valid conversation.
struct bad_rows {
    std::string id;  ///< empty if it is not valid
    std::string why;
    std::vector<std::int64_t> rows;
    std::int64_t archived = 0;  ///< the archive's row of its newest head, if the rows name one
};

/// Reads all rows in their order, and passes each conversation to `each` as soon as it is complete.
/// Reads every format that this release supports. Both arguments of the constructor must outlive
/// the loader.
class sqlite_loader {
public:
    sqlite_loader(entries& into, const std::function<void(record&&)>& each)
        : entries_(into), each_(each) {}

    /// `has_archive`: the table has the column `archived`.
    void read_all(sqlite_connection& database, bool has_archive);

    std::uint64_t loaded() const { return loaded_; }

    /// The highest transaction number, and the XOR of the checksums, of the loaded conversations.
    std::uint64_t last_transaction() const { return last_transaction_; }
    std::uint64_t checksum() const { return checksum_; }

    std::vector<bad_rows>& bad() { return bad_; }

private:
    /// A conversation of which some rows have been read.
    struct partial_conversation {
        record content;
        entry index;
        std::uint64_t last_transaction = 0;
        std::uint64_t expected_parts = 0;  ///< from the head; 0 before the head has been read
        std::vector<std::int64_t> rows;
        std::int64_t archived = 0;  ///< the highest of its rows, which is the newest head
        std::string why;  ///< the reason why the rows are not valid; empty while they are valid
    };

    void add_row(const sqlite_statement& row);
    partial_conversation& partial_of(std::string_view id);
    static void add_part(const sqlite_statement& row, partial_conversation& partial);
    static void add_head(const sqlite_statement& row, partial_conversation& partial);
    static bool is_complete(const partial_conversation& partial);
    void finish(partial_conversation& partial);
    void reject(partial_conversation& partial);

    entries& entries_;
    const std::function<void(record&&)>& each_;
    partial_conversation current_;
    std::unordered_map<std::string, partial_conversation> waiting_;  ///< for later rows
    std::vector<bad_rows> bad_;
    std::uint64_t loaded_ = 0;
    std::uint64_t last_transaction_ = 0;
    std::uint64_t checksum_ = 0;
};

}  // namespace stube::storage
