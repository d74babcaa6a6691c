#pragma once

#include <stube/store/store.hpp>

namespace stube {

/// Keeps nothing: the live conversations are all there is, and they end with the process. The
/// default.
std::unique_ptr<store> memory_store();

}  // namespace stube
