#pragma once

#include <string_view>

namespace stube::storage {

bool is_utf8(std::string_view text);

}  // namespace stube::storage
