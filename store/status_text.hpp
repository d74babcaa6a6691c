#pragma once

#include <stube/store/store.hpp>

#include <string_view>

namespace stube::storage {

/// The word for a status in files, in databases and in checksums. Part of all formats, so it must
/// not change when the enumerator is renamed.
inline std::string_view status_text(keeping status) {
    switch (status) {
    case keeping::kept:
        return "kept";
    case keeping::not_kept:
        break;
    }
    return "not_kept";
}

}  // namespace stube::storage
