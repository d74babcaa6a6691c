#pragma once

#include <cstdint>
#include <string>

namespace stube::storage {

/// Appends the 8 bytes of a number, the lowest first, so that checksums and digests are the same on
/// every machine.
inline void append_number(std::string& bytes, std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
        bytes += static_cast<char>(number >> shift & 0xff);
}

}  // namespace stube::storage
