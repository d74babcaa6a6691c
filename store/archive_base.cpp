#include "store/archive_base.hpp"

#include "store/checksum.hpp"

namespace stube::storage {

std::uint64_t base_checksum(std::string_view id, const archive_base& base, std::string_view parts) {
    std::string bytes(id);
    bytes.append(1, '\0').append(std::to_string(base.row));
    bytes.append(1, '\0').append(std::to_string(base.number)).append(1, '\0');
    append_digest(bytes, base.sum);
    bytes += parts;
    return checksum(bytes);
}

}  // namespace stube::storage
