#pragma once

#include <stube/store/store.hpp>

#include <string_view>

namespace stube::storage {

/// The word for a status in files, in databases and in checksums. Part of all formats, so it must
/// not change when the enumerator is renamed.
inline std::string_view status_text(record_status status) {
    switch (status) {
    case record_status::kept:
        return "kept";
    case record_status::tombstone:
        break;
    }
    return "not_kept";
}

}  // namespace stube::storage
