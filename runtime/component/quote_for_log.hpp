#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <string>
#include <string_view>

namespace stube {

/// Text from elsewhere for a line of the log: in quotes, and with its line breaks and other control
/// characters escaped, so that nobody who can cause an error can write lines of his own.
inline std::string quote_for_log(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

}  // namespace stube
