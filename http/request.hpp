#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

enum class method { get, head, post, other };

struct header_field {
    std::string_view name;
    std::string_view value;
};

/// Tells browsers apart.
inline constexpr std::string_view session_cookie = "stube_session";

/// Stands before the name of a cookie that only this host can have set, and only behind TLS (RFC
/// 6265bis, 4.1.3.2).
inline constexpr std::string_view host_cookie_prefix = "__Host-";

/// One request, as `request_reader` took it off the wire. The views hold until it has been
/// answered.
struct request {
    method verb = method::other;
    std::string_view target;  ///< as it was sent
    std::string_view path;    ///< decoded: begins with "/", is UTF-8 and holds no control character
    std::string_view query;   ///< as it was sent, without "?"
    std::vector<header_field> fields;
    std::string_view body;
    bool is_http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;

    // Headers that nearly every request is asked for; empty if there is none.
    std::string_view host;
    std::string_view cookies;
    std::string_view content_type;
    std::string_view origin;
    std::string_view fetch_site;
    std::string_view event_id;

    // What the server adds.
    std::string_view site_path;   ///< `path` without the base path
    std::string principal;        ///< as the application says
    std::string owner;            ///< who the visitor is to a conversation; empty for a new one
    std::string new_session;      ///< the id of a session that begins with this request
    const void* place = nullptr;  ///< what the router found, while an answer is awaited

    /// The first header of that name; empty if there is none.
    std::string_view header(std::string_view name) const;

    /// The cookie with `host_cookie_prefix`, or else the first of the plain name, which is what an
    /// earlier release has set. Empty if there is neither.
    std::string_view cookie(std::string_view name) const;

    /// The first value of that name in the query, as it was sent; nothing if there is none.
    std::optional<std::string_view> raw_query(std::string_view name) const;
};

/// Whose a conversation is: a browser session's, and in it the principal's. It is stored with the
/// conversation, so it does not give the session's id away: it holds a digest of it.
std::string owner_of(std::string_view session, std::string_view principal);

/// True for the media type of forms without files.
bool is_form(std::string_view content_type);

/// True unless the browser says that it wants something else than a page in a window of its own: a
/// part of another page (an image, a frame, what a script fetches), or a page that nobody may ever
/// look at (prefetch, prerender). What does not say is an old browser or none.
bool is_visit(const request& asked);

/// True unless the browser says that the request comes from another site. Sec-Fetch-Site is the
/// browser's own word and right behind any proxy; Origin must be this host. What says neither is no
/// browser of today, and a page elsewhere cannot send our header without being asked for it (CORS).
bool is_same_site(const request& asked);

}  // namespace stube::http
