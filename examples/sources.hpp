#pragma once

#include <string_view>

namespace gallery {

/// Returns the text of an example's source file, embedded when the gallery was built. Throws
/// std::out_of_range for any other file.
std::string_view source_of(std::string_view file);

}  // namespace gallery
