#pragma once

#include <stube/runtime/markup.hpp>

#include <cstdint>

namespace stube {

/// A hash of the text and the holes of markup. Within a process, equal markup has equal hashes.
/// Each process has a random seed, so that nobody can prepare two texts with the same hash.
std::uint64_t fingerprint(const markup& content);

}  // namespace stube
