#include "runtime/random_id.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <sys/random.h>
#include <system_error>

namespace stube {

std::string random_id() {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array<unsigned char, 16> bytes;
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    std::string out;
    out.reserve(22);
    std::uint32_t bits = 0;
    int held = 0;
    for (auto byte : bytes) {
        bits = (bits << 8) | byte;
        for (held += 8; held >= 6; held -= 6)
            out += digits[(bits >> (held - 6)) & 63];
    }
    out += digits[(bits << (6 - held)) & 63];
    return out;
}

}  // namespace stube
