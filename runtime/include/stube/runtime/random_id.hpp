#pragma once

#include <cstdint>
#include <string>

namespace stube {

/// 128 random bits from the system's generator, as 22 characters of base64url. Throws
/// std::system_error if the generator fails. Threads: any.
std::string random_id();

/// 64 random bits from the same generator. Throws likewise. Threads: any.
std::uint64_t random_number();

}  // namespace stube
