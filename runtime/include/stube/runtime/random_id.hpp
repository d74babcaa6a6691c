#pragma once

#include <string>

namespace stube {

/// 128 random bits from the system's generator, as 22 characters of base64url. Throws
/// std::system_error if the generator fails. Threads: any.
std::string random_id();

}  // namespace stube
