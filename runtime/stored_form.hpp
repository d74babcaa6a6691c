#pragma once

#include <stube/runtime/conversation.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What the writing and the reading of stored conversations share; conversation.cpp describes the
/// form.
namespace stube {

inline constexpr std::int64_t stored_format = 2;
inline constexpr std::int64_t oldest_stored_format = 1;

/// For parsing: what `encode` allows, and some room (Boost.JSON's default is 32).
inline constexpr std::size_t deepest_json = 512;

/// How a part begins that says when the conversation was as it is: the value follows. It stands
/// first so that it can be read without the rest.
inline constexpr std::string_view begins_with_as_of = "{\"as_of\":";

}  // namespace stube
