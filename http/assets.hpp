#pragma once

#include <span>
#include <string_view>

namespace stube::http {

/// A file for the browser, compiled into the library. All views live as long as the program.
struct asset {
    std::string_view name;         ///< "stube.js"
    std::string_view hashed_name;  ///< as it is called in addresses: "stube.<16 hex digits>.js"
    std::string_view mime;         ///< for Content-Type, with the charset
    std::string_view body;
    std::string_view gzip;  ///< the same body as one gzip stream
};

/// Every embedded file. A changed file has another `hashed_name`, so caches may keep it for ever.
std::span<const asset> assets();

}  // namespace stube::http
