#pragma once

#include "store/sqlite_connection.hpp"

#include <stube/store/query_index.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// The rows of a query index as values.
namespace stube::storage {

/// The names for whom a conversation waits, as one text of its row.
std::string join_names(const std::vector<std::string>& names);

void bind_value(sqlite_statement& to, int index, const index_value& value);

index_value value_in(const sqlite_statement& row, int column);

/// Reads the columns of a conversation, of which `first` is the id.
index_row row_in(const sqlite_statement& row, int first);

/// The query for the number and the columns of the conversation with an id.
inline constexpr const char* read_row_by_id =
    "SELECT number, id, principal, mount, component, step, head, created, touched, since, ended,"
    " awaited FROM conversation WHERE id = ?";

/// The numbers of the members by component and name.
using member_numbers = std::map<std::pair<std::string, std::string>, std::int64_t>;

member_numbers read_members(sqlite_connection& database);

}  // namespace stube::storage
