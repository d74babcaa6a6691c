#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stube {

/// The text of a status in a database, as it also goes into checksums.
std::string_view status_text(keeping status);

/// Rows that do not make a conversation.
struct bad_rows {
    std::string id;  ///< as far as it is known
    std::string why;
    std::vector<std::int64_t> rows;
};

/// Reads all rows in their order and hands out each conversation as soon as it is complete.
class sqlite_loading {
public:
    sqlite_loading(entries& into, const std::function<void(record&&)>& each)
        : entries_(into), each_(each) {}

    void read_all(sqlite_connection& from);

    std::uint64_t loaded() const { return loaded_; }

    /// The highest number of a transaction, and the XOR of the checksums of what was handed out.
    std::uint64_t saved() const { return saved_; }
    std::uint64_t checksum() const { return checksum_; }

    std::vector<bad_rows>& bad() { return bad_; }

private:
    /// A conversation while its rows come in.
    struct gathered {
        record one;
        entry known;
        std::uint64_t saved = 0;
        std::uint64_t parts = 0;  ///< as the head says; 0 until it came
        std::vector<std::int64_t> rows;
        std::string why;  ///< what is wrong with it; empty while nothing is
    };

    void add_row(const sqlite_statement& row);
    gathered& gathering_of(std::string_view id);
    static void add_part(const sqlite_statement& row, gathered& to);
    static void add_head(const sqlite_statement& row, gathered& to);
    static bool is_complete(const gathered& one);
    void finish(gathered& one);
    void set_aside(gathered& one);

    entries& entries_;
    const std::function<void(record&&)>& each_;
    gathered current_;
    std::unordered_map<std::string, gathered> waiting_;  ///< whose other rows come later
    std::vector<bad_rows> bad_;
    std::uint64_t loaded_ = 0;
    std::uint64_t saved_ = 0;
    std::uint64_t checksum_ = 0;
};

}  // namespace stube
