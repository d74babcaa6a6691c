#include "store/base64url.hpp"

#include <stube/runtime/random_id.hpp>

#include <cerrno>
#include <cstddef>
#include <sys/random.h>
#include <system_error>

namespace stube {

std::string random_id() {
    std::string bytes(16, '\0');
    for (std::size_t filled = 0; filled < bytes.size();) {
        const auto more = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
        if (more < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        if (more > 0) filled += static_cast<std::size_t>(more);
    }
    std::string out;
    out.reserve(22);
    storage::append_base64url(out, bytes);
    return out;
}

}  // namespace stube
