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
    std::string_view session;     ///< the visitor's session id; empty if there is no valid one
    std::string new_session;      ///< the id of a session that begins with this request
    const void* place = nullptr;  ///< what the router found, while an answer is awaited

    /// The first header of that name; empty if there is none.
    std::string_view header(std::string_view name) const;

    std::string_view cookie(std::string_view name) const;

    /// The first value of that name in the query, as it was sent; nothing if there is none.
    std::optional<std::string_view> raw_query(std::string_view name) const;
};

}  // namespace stube::http
