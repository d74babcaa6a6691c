#pragma once

#include "http/inspector/inspector.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/path_pattern.hpp"
#include "http/site/metrics.hpp"
#include "http/site/unsent_bytes.hpp"

#include <stube/http/app.hpp>
#include <stube/http/options.hpp>
#include <stube/runtime/conversation_map.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stube::http {

struct request;
class server_log;

/// A path where conversations begin.
struct mount_point {
    path_pattern pattern;  ///< without the base path
    std::string head;      ///< the head of its pages
    std::function<kernel::beginning(const request_info&)> root;
    bool reads_request;  ///< `root` depends on the request
    std::string login;  ///< address, with the base path, for visitors without a principal; or empty
    bool is_inspector = false;  ///< the panel of the inspector, for the visitors whom it allows
};

/// The application's function that answers forms at a path.
using form_handler = std::function<redirect(const request_info&)>;

/// A finished response: an embedded file, a file of the application, or a static page.
struct static_file {
    std::string type;
    std::string headers;  ///< with caching and ETag, each line with its CRLF
    std::string etag;
    std::string_view body;
    std::string_view gzip;  ///< the body as gzip; or empty
    std::string owned;      ///< the memory of the body, unless the program contains it
};

enum class route_kind {
    nothing,
    mount,
    file,
    event,
    back,
    stream,
    news,
    health,
    ready,
    metrics,
    inspector_labels
};

/// The result of routing a request.
struct route {
    route_kind kind = route_kind::nothing;
    const mount_point* mount = nullptr;
    const static_file* file = nullptr;
    const form_handler* form = nullptr;  ///< the handler of forms at this path, for every kind
    std::string_view conversation;       ///< views into the path
    std::string_view instance;
    std::string_view member;
};

/// The data that all connections of one server share. Made before the threads start, and not
/// changed afterwards, except for the atomic members.
class site {
public:
    site(const app& from, const server_options& options);

    /// Routes a request. `path` is `request::path`. Sets `site_path` to the part behind the base
    /// path.
    route find(std::string_view path, std::string_view& site_path) const;

    /// The mount at an address without a query, as `conversation::mount` has it; null if it is
    /// absent.
    const mount_point* mount_at(std::string_view address) const;

    /// The handler of forms at `site_path`, or null.
    const form_handler* form_handler_at(std::string_view site_path) const;

    const std::string& base_path() const { return base_path_; }

    const server_limits& limits() const { return limits_; }

    /// True for a Host header that `server_options::hosts` accepts.
    bool serves(std::string_view host) const;

    /// The header line of the session's cookie. It begins a session or extends its lifetime.
    std::string session_line(std::string_view session) const;

    /// The header lines for a cookie. Throws std::logic_error for an invalid name or value.
    std::string cookie_line(const cookie& cookie) const;

    /// The head of pages that do not belong to a mount.
    const std::string& plain_head() const { return plain_head_; }

    /// Valid while the site lives.
    http::page_settings page_settings() const { return {base_path_, scripts_, limits_.heartbeat}; }

    principal user_of(const request& request) const;

    /// True if the application allows the sender of the request to inspect conversations.
    bool may_inspect(const request& request) const;

    /// The sources of components; null if the inspector is off.
    http::inspection* inspection() const { return inspection_.get(); }

    live::conversation_map* live = nullptr;  ///< set once, before the threads start
    const server_log* log = nullptr;         ///< set once, before the threads start
    unsent_bytes unsent;
    std::atomic<bool> draining = false;      ///< not ready any more; requests are still answered
    std::atomic<bool> ends_streams = false;  ///< a new stream ends at once with the drain hint
    metrics counts;

private:
    struct text_hash {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    static std::function<kernel::beginning(const request_info&)>
    root_function(const app::root_maker& root, const secret_keys& keys);
    void add_file(std::string path, static_file file);
    void add_assets();
    void add_mount(mount_point mount);
    const mount_point* pattern_mount_at(std::string_view site_path) const;
    void add_inspector(std::string_view of_components);
    std::string add_components();
    route find_internal(std::string_view rest) const;

    void append_cookie(std::string& out, std::string_view prefix, const cookie& cookie) const;

    std::string base_path_;
    bool behind_tls_;
    std::vector<std::string> hosts_;
    bool serves_all_hosts_;
    server_limits limits_;
    std::string plain_head_;
    std::string scripts_;
    std::function<principal(const request_info&)> principal_;
    std::function<bool(const request_info&)> may_inspect_;
    std::unique_ptr<http::inspection> inspection_;  ///< null if the inspector is off
    std::vector<std::unique_ptr<mount_point>> mounts_;
    std::vector<const mount_point*> with_parameters_;  ///< the one to try first comes first
    std::vector<std::unique_ptr<static_file>> files_;
    std::unordered_map<std::string, form_handler, text_hash, std::equal_to<>> forms_;
    std::unordered_map<std::string, route, text_hash, std::equal_to<>> routes_;
};

}  // namespace stube::http
