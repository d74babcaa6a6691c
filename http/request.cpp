#include "http/request.hpp"

#include "http/text.hpp"

#include <stube/http/app.hpp>

namespace stube {

namespace http {

std::string_view request::header(std::string_view name) const {
    for (const auto& field : fields) {
        if (same_word(field.name, name)) return field.value;
    }
    return {};
}

std::string_view request::cookie(std::string_view name) const {
    auto rest = cookies;
    while (!rest.empty()) {
        auto value = trimmed(take_until(rest, ';'));
        if (take_until(value, '=') == name) return value;
    }
    return {};
}

std::optional<std::string_view> request::raw_query(std::string_view name) const {
    auto rest = query;
    while (!rest.empty()) {
        auto value = take_until(rest, '&');
        if (take_until(value, '=') == name) return value;
    }
    return std::nullopt;
}

}  // namespace http

std::string_view request_info::path() const {
    return from_.site_path;
}

std::optional<std::string> request_info::query(std::string_view name) const {
    auto rest = from_.query;
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

std::string_view request_info::header(std::string_view name) const {
    return from_.header(name);
}

std::string_view request_info::cookie(std::string_view name) const {
    return from_.cookie(name);
}

}  // namespace stube
