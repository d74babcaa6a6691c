#pragma once

#include <string>

namespace stube {

/// 128 bits from the system's generator as 22 characters of base64url. Throws std::system_error if
/// there are none to be had.
std::string random_id();

}  // namespace stube
