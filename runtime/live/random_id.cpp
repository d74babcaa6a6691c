#include "store/base64url.hpp"

#include <stube/runtime/random_id.hpp>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <span>
#include <sys/random.h>
#include <system_error>

namespace stube {

namespace {

void fill_randomly(std::span<char> bytes) {
    while (!bytes.empty()) {
        const auto more = getrandom(bytes.data(), bytes.size(), 0);
        if (more < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        if (more > 0) bytes = bytes.subspan(static_cast<std::size_t>(more));
    }
}

}  // namespace

std::string random_id() {
    std::string bytes(16, '\0');
    fill_randomly(bytes);
    std::string out;
    out.reserve(22);
    storage::append_base64url(out, bytes);
    return out;
}

std::uint64_t random_number() {
    std::array<char, sizeof(std::uint64_t)> bytes;
    fill_randomly(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace stube
