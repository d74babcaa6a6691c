#pragma once

#include "store/sqlite_connection.hpp"

#include <stube/store/query_index.hpp>

#include <span>
#include <string_view>

/// SQL that an application passes on. It can only read, and only for a limited time.
namespace stube::storage {

/// Makes a connection refuse everything but SELECT.
void restrict_to_reading(sqlite_connection& database);

/// Runs one statement on a restricted connection. As `query_index::select`.
sql_result select_rows(
    sqlite_connection& database,
    std::string_view sql,
    std::span<const sql_value> parameters,
    sql_limits limits
);

}  // namespace stube::storage
