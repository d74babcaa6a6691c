#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

/// Looking at JSON as text. Bodies are handed back as the very bytes that came in, never parsed and
/// written anew: Boost.JSON 1.81 reads one double in ten a last digit off.
namespace stube {

/// How deep a body may nest.
inline constexpr std::size_t deepest_body = 500;

bool is_utf8(std::string_view text);

/// True if `text` is one JSON value in UTF-8, nested at most `deepest` deep.
bool is_json(std::string_view text, std::size_t deepest = deepest_body);

/// One member of an object: the name as it is written (escapes stay), the value as its bytes.
using json_member = std::pair<std::string_view, std::string_view>;

/// The members of a JSON object in their order, doubles included; nothing if `text` is not an
/// object. Call it only on text that `is_json`.
std::optional<std::vector<json_member>> json_members(std::string_view text);

}  // namespace stube
