#pragma once

#include <stube/runtime/principal.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

class path_pattern;

enum class method { get, head, post, other };

struct header_field {
    std::string_view name;
    std::string_view value;
};

/// The cookie that identifies a browser.
inline constexpr std::string_view session_cookie = "stube_session";

/// Prefix of the name of a cookie that only this host can have set, and only over TLS (RFC 6265bis,
/// 4.1.3.2).
inline constexpr std::string_view host_cookie_prefix = "__Host-";

/// One request, as read by `request_reader`. The views are valid until the request has been
/// answered.
struct request {
    http::method method = http::method::other;
    std::string_view target;  ///< as sent
    std::string_view path;    ///< decoded: begins with "/", is UTF-8, has no control characters
    std::string_view query;   ///< as sent, without "?"
    std::vector<header_field> fields;
    std::string_view body;
    bool is_http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;

    // Headers that nearly every handler reads; empty if absent.
    std::string_view host;
    std::string_view cookies;
    std::string_view content_type;
    std::string_view origin;
    std::string_view fetch_site;
    std::string_view event_id;

    // Added by the server.
    std::string_view site_path;             ///< `path` without the base path
    const path_pattern* pattern = nullptr;  ///< of the mount at the path; null without one
    stube::principal user;                  ///< from `app::principal`
    std::string owner;        ///< `owner_of` the visitor; empty for a visitor without a session
    std::string new_session;  ///< the id of a session that begins with this request

    /// The first header of that name; empty if absent.
    std::string_view header(std::string_view name) const;

    /// The cookie with `host_cookie_prefix`, or else the first one of the plain name, which an
    /// earlier release may have set. Empty if both are absent.
    std::string_view cookie(std::string_view name) const;

    /// The first value of that name in the query, as sent; std::nullopt if absent.
    std::optional<std::string_view> raw_query(std::string_view name) const;
};

/// The owner of a conversation: a browser session and the principal in it. The owner is stored with
/// the conversation, so it contains a digest of the session's id, which must stay secret.
std::string owner_of(std::string_view session, std::string_view principal);

bool is_get_or_head(const request& request);

/// True for a form that a browser sends without scripts. The browser shows the response as a page.
bool is_submission(const request& request);

/// True for a request by htmx, which puts the response into the page.
bool is_scripted_change(const request& request);

/// True for the media type of forms without files.
bool is_form(std::string_view content_type);

/// False if the headers show that the browser does not load a page into a window: it loads a part
/// of another page (an image, a frame, a fetch by a script), or a page that nobody may ever look at
/// (prefetch, prerender). True without such headers: old browsers and other clients send none.
bool is_visit(const request& request);

/// True for a page in a frame of a page of this server.
bool is_own_frame(const request& request);

/// False if the headers show that the request comes from another site. Sec-Fetch-Site is set by the
/// browser and correct behind any proxy; without it, Origin must be this host. A request without
/// both does not come from a present browser. A page of another site cannot send our own header
/// unless this server allows it (CORS).
bool is_same_site(const request& request);

}  // namespace stube::http
