#pragma once

#include <string_view>

namespace gallery {

/// The text of one of the examples' source files, as it was when the gallery was built. Throws
/// std::out_of_range for any other file.
std::string_view source_of(std::string_view file);

}  // namespace gallery
