#pragma once

#include <stube/runtime/markup.hpp>

#include <cstdint>

namespace stube {

/// A hash of text and holes: equal for equal markup, in this process. Which one it is differs from
/// process to process, so that nobody can prepare two texts of the same.
std::uint64_t fingerprint(const markup& of);

}  // namespace stube
