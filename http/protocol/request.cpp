#include "http/protocol/request.hpp"

#include "http/protocol/text.hpp"

#include <stube/http/app.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

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
    std::string_view plain;
    while (!rest.empty()) {
        auto value = trimmed(take_until(rest, ';'));
        auto named = take_until(value, '=');
        if (named == name && plain.data() == nullptr) plain = value;
        if (!named.starts_with(host_cookie_prefix)) continue;
        named.remove_prefix(host_cookie_prefix.size());
        if (named == name) return value;
    }
    return plain;
}

std::optional<std::string_view> request::raw_query(std::string_view name) const {
    auto rest = query;
    while (!rest.empty()) {
        auto value = take_until(rest, '&');
        if (take_until(value, '=') == name) return value;
    }
    return std::nullopt;
}

std::string owner_of(std::string_view session, std::string_view principal) {
    static constexpr boost::uuids::uuid sessions{
        {0x0c,
         0x5d,
         0x9a,
         0x41,
         0x6e,
         0x2b,
         0x47,
         0x13,
         0x9f,
         0x58,
         0x1b,
         0xa0,
         0x7e,
         0x66,
         0xd3,
         0x24}
    };
    const boost::uuids::name_generator_sha1 digest(sessions);
    std::string owner = boost::uuids::to_string(digest(session.data(), session.size()));
    if (!principal.empty()) owner.append(":").append(principal);
    return owner;
}

bool is_form(std::string_view content_type) {
    return same_word(trimmed(take_until(content_type, ';')), "application/x-www-form-urlencoded");
}

bool is_visit(const request& asked) {
    for (const auto* name : {"sec-purpose", "purpose", "x-purpose", "x-moz"}) {
        const auto purpose = asked.header(name);
        for (const auto* early : {"prefetch", "prerender", "preview"})
            if (purpose.find(early) != purpose.npos) return false;
    }
    const auto wanted = asked.header("sec-fetch-dest");
    // The oldest browsers with these headers do not send Sec-Fetch-Dest.
    return wanted.empty() ? asked.header("sec-fetch-mode") != "no-cors" : wanted == "document";
}

bool is_same_site(const request& asked) {
    if (!asked.fetch_site.empty())
        return asked.fetch_site == "same-origin" || asked.fetch_site == "none";
    if (asked.origin.empty()) return true;
    const auto scheme = asked.origin.find("://");
    return scheme != asked.origin.npos && same_word(asked.origin.substr(scheme + 3), asked.host);
}

}  // namespace http

std::string_view request_info::path() const {
    return from_.site_path;
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
