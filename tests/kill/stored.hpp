// Reads a store that no process has open, without the library's code.
#pragma once

#include "kill_loop.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace kill_test {

/// The ids of all stored conversations. Adds everything that does not belong in a store to
/// `problems`.
std::set<std::string> stored_conversations(
    store_kind kind,
    const std::filesystem::path& folder,
    std::vector<std::string>& problems
);

/// Runs SQL that changes a database that no process has open.
void run_sql(const std::filesystem::path& database, const char* sql);

}  // namespace kill_test
