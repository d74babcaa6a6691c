#pragma once

#include <stube/store/contract.hpp>

#include <vector>

namespace stube::store_contract {

/// The rules for a store that keeps an archive. They check nothing for the others.
std::vector<rule> archive_rules();

}  // namespace stube::store_contract
