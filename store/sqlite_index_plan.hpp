#pragma once

#include <stube/store/query_index.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Translates queries of an index into SQL.
///
/// SQLite's planner does not know how many rows a bound value selects. So the table that a query
/// reads first is chosen here: the most selective condition if it selects few rows, and otherwise
/// the order, which then finds a page of hits after few rows.
namespace stube::storage {

/// SQL with the values of its parameters.
struct bound_sql {
    std::string text;
    std::vector<index_value> values;
};

/// The number of a member in the table `member`. Throws std::invalid_argument for an unknown one.
using find_member_number =
    std::function<std::int64_t(const std::string& component, const std::string& member)>;

/// The number of rows that a query returns. It counts no further than its own limit.
using count_rows = std::function<std::size_t(const bound_sql&)>;

struct query_plan {
    bound_sql hits;  ///< the columns of a row, its number, and the instance; limit + 1 rows
    bound_sql count;
};

/// Throws std::invalid_argument for a query that cannot be answered.
query_plan
plan_query(const index_query& query, const find_member_number& find, const count_rows& count);

}  // namespace stube::storage
