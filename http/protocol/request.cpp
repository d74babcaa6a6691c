#include "http/protocol/request.hpp"

#include "http/protocol/text.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace stube::http {

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

namespace {

bool is_event(const request& request) {
    return request.method == method::post && request.site_path.starts_with("/stube/event/");
}

}  // namespace

bool is_get_or_head(const request& request) {
    return request.method == method::get || request.method == method::head;
}

bool is_submission(const request& request) {
    return is_event(request) && request.event_id.empty();
}

bool is_scripted_change(const request& request) {
    const bool is_back =
        request.method == method::post && request.site_path.starts_with("/stube/back/");
    return is_back || (is_event(request) && !is_submission(request));
}

bool is_form(std::string_view content_type) {
    return same_word(trimmed(take_until(content_type, ';')), "application/x-www-form-urlencoded");
}

bool is_visit(const request& request) {
    for (const auto* name : {"sec-purpose", "purpose", "x-purpose", "x-moz"}) {
        const auto purpose = request.header(name);
        for (const auto* early : {"prefetch", "prerender", "preview"})
            if (purpose.find(early) != purpose.npos) return false;
    }
    const auto wanted = request.header("sec-fetch-dest");
    // The oldest browsers with these headers do not send Sec-Fetch-Dest.
    return wanted.empty() ? request.header("sec-fetch-mode") != "no-cors" : wanted == "document";
}

bool is_own_frame(const request& request) {
    return request.header("sec-fetch-dest") == "iframe" && request.fetch_site == "same-origin";
}

bool is_same_site(const request& request) {
    if (!request.fetch_site.empty())
        return request.fetch_site == "same-origin" || request.fetch_site == "none";
    if (request.origin.empty()) return true;
    const auto scheme = request.origin.find("://");
    return scheme != request.origin.npos &&
           same_word(request.origin.substr(scheme + 3), request.host);
}

}  // namespace stube::http
