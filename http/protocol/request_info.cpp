#include "http/protocol/path_pattern.hpp"
#include "http/protocol/request.hpp"
#include "http/protocol/text.hpp"

#include <stube/http/request_info.hpp>

namespace stube {

std::string_view request_info::path() const {
    return from_.site_path;
}

std::optional<std::string> request_info::parameter(std::string_view name) const {
    if (!from_.pattern) return std::nullopt;
    const auto found = from_.pattern->value(name, from_.site_path);
    return found ? std::optional<std::string>(*found) : std::nullopt;
}

namespace {

/// The first value of that name in the body of a form or the query of an address.
std::optional<std::string> decoded_value(std::string_view rest, std::string_view name) {
    while (!rest.empty()) {
        auto value = http::take_until(rest, '&');
        std::string decoded;
        if (!http::append_decoded(decoded, http::take_until(value, '='), true) || decoded != name)
            continue;
        decoded.clear();
        if (http::append_decoded(decoded, value, true) && http::is_utf8(decoded)) return decoded;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> request_info::query(std::string_view name) const {
    return decoded_value(from_.query, name);
}

std::optional<std::string> request_info::form(std::string_view name) const {
    return decoded_value(from_.body, name);
}

std::string_view request_info::header(std::string_view name) const {
    return from_.header(name);
}

std::string_view request_info::cookie(std::string_view name) const {
    return from_.cookie(name);
}

}  // namespace stube
