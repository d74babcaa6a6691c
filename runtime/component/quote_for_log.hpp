#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <string>
#include <string_view>

namespace stube {

/// Quotes text from outside for the log. Line breaks and other control characters are escaped, so
/// that a person who can cause an error cannot forge log lines.
inline std::string quote_for_log(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

}  // namespace stube
