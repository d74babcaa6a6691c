#pragma once

#include <stube/store/store.hpp>

namespace stube {

/// Keeps nothing: conversations exist only in the memory of the process and end with it. The
/// default.
std::unique_ptr<store> memory_store();

}  // namespace stube
