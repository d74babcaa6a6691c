#pragma once

#include "store/archive_head.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace stube::storage {

/// The newest trimmed head of a conversation. It replaces all trimmed heads: the oldest head that
/// is kept continues its digest and its state. So no head that is kept has to be rewritten.
struct archive_base {
    std::int64_t row = 0;  ///< that the head had; its row may still contain a body
    std::uint64_t number = 0;
    digest sum = {};
    part_changes parts;  ///< a whole list
};

/// The checksum of the columns of a base. `parts` is the text of `to_json`.
std::uint64_t base_checksum(std::string_view id, const archive_base& base, std::string_view parts);

}  // namespace stube::storage
