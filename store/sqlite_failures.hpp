#pragma once

#include "store/sqlite_connection.hpp"

#include <stube/store/store.hpp>

#include <string_view>
#include <vector>

namespace stube::storage {

/// Creates the table of the failures, inside a transaction, unless it exists.
void create_failure_table(sqlite_connection& database);

/// Reads and writes the table of the failures, inside the transactions of its user. The connection
/// must outlive it.
class failure_rows {
public:
    explicit failure_rows(sqlite_connection& database);

    /// Appends a failure, and deletes those above the limits of `archive`. Throws sqlite_error, as
    /// the other functions do.
    void append(const archived_failure& failed);

    void erase(std::string_view id);

    /// The oldest first.
    std::vector<archived_failure> read(std::string_view id);

private:
    sqlite_statement add_;
    sqlite_statement trim_;
    sqlite_statement trim_all_;
    sqlite_statement erase_;
    sqlite_statement read_;
};

}  // namespace stube::storage
