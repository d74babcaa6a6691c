// What is in a store that nobody has open, read past the library's own code.
#pragma once

#include "kill_loop.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace kill_test {

/// The ids of all stored conversations. Adds to `problems` what should not be in a store.
std::set<std::string> stored_conversations(
    store_kind kind,
    const std::filesystem::path& folder,
    std::vector<std::string>& problems
);

}  // namespace kill_test
