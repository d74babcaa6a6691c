#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Base64url without padding (RFC 4648, section 5).
namespace stube::storage {

void append_base64url(std::string& text, std::string_view bytes);

/// The bytes. Empty for a text that `append_base64url` does not make.
std::optional<std::string> read_base64url(std::string_view text);

}  // namespace stube::storage
