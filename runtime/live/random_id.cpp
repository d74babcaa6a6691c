#include <stube/runtime/random_id.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <sys/random.h>
#include <system_error>

namespace stube {

std::string random_id() {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array<unsigned char, 16> bytes{};
    for (std::size_t filled = 0; filled < bytes.size();) {
        const auto more = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
        if (more < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        if (more > 0) filled += static_cast<std::size_t>(more);
    }
    std::string out;
    out.reserve(22);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (auto byte : bytes) {
        bits = (bits << 8) | byte;
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            out += digits[(bits >> (bit_count - 6)) & 63];
    }
    out += digits[(bits << (6 - bit_count)) & 63];
    return out;
}

}  // namespace stube
