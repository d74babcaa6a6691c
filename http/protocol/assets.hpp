#pragma once

#include <span>
#include <string_view>

namespace stube::http {

/// A file for the browser, compiled into the library. The views are valid for the whole program.
struct asset {
    std::string_view name;         ///< "stube.js"
    std::string_view hashed_name;  ///< the name in addresses: "stube.<16 hex digits>.js"
    std::string_view mime;         ///< the Content-Type, with the charset
    std::string_view body;
    std::string_view gzip;  ///< the same body as one gzip stream
};

/// Every embedded file. `hashed_name` changes with the content, so caches may keep a file for ever.
std::span<const asset> assets();

}  // namespace stube::http
