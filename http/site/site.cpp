#include "http/site/site.hpp"

#include "http/protocol/assets.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/request.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"

#include <stube/runtime/snapshot.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <stdexcept>
#include <utility>

namespace stube::http {

namespace {

/// An entity tag from the bytes (FNV-1a, 64 bit). It distinguishes versions; it is not secure.
std::string etag_of(std::string_view body) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : body)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    std::string tag = "\"";
    for (int digit = 0; digit < 16; ++digit, hash >>= 4)
        tag += "0123456789abcdef"[hash & 15];
    return tag += '"';
}

constexpr std::string_view immutable_caching =
    "Cache-Control: public, max-age=31536000, immutable\r\nX-Content-Type-Options: nosniff\r\n";
constexpr std::string_view revalidating =
    "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n";

std::string checked_base(std::string base) {
    if (base.empty()) return base;
    const bool bad = !base.starts_with('/') || base.ends_with('/') ||
                     base.find_first_of("\"'<>?#%;, \\") != base.npos;
    if (bad) throw std::invalid_argument("stube: base_path must look like \"/app\": " + base);
    return base;
}

constexpr std::string_view any_host = "*";

std::vector<std::string> checked_hosts(std::vector<std::string> hosts) {
    for (const auto& each : hosts) {
        const bool bad = each.empty() || each.find_first_of("/:?#@ ") != each.npos;
        if (bad) throw std::invalid_argument("stube: hosts takes names without a port: " + each);
    }
    return hosts;
}

bool serves_all(const server_options& options) {
    const bool is_local = options.bind.starts_with("127.") || options.bind == "::1";
    if (options.hosts.empty()) return options.behind_tls || !is_local;
    return std::ranges::find(options.hosts, any_host) != options.hosts.end();
}

/// The name in a Host header, without the port and without the final dot.
std::string_view name_of(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    host = host.substr(0, host.find(':'));
    if (host.ends_with('.')) host.remove_suffix(1);
    return host;
}

/// True for a numeric address. DNS rebinding needs a name, so these are always accepted.
bool is_numeric(std::string_view name) {
    if (name.starts_with('[')) return true;
    in_addr ignored{};
    return inet_pton(AF_INET, std::string(name).c_str(), &ignored) == 1;
}

/// The headers of static pages, which differ from those of other pages only in caching.
std::string static_page_headers() {
    std::string headers(page_headers);
    constexpr std::string_view never = "no-store";
    return headers.replace(headers.find(never), never.size(), "no-cache");
}

bool is_cookie_name(std::string_view name) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return !name.empty() && name.find_first_not_of(allowed) == name.npos;
}

bool is_cookie_value(std::string_view value) {
    return std::ranges::all_of(value, [](char c) {
        return c > ' ' && c < 127 && c != '"' && c != ',' && c != ';' && c != '\\';
    });
}

}  // namespace

std::function<kernel::beginning(const request_info&)>
site::root_function(const app::root_maker& root, const secret_keys& keys) {
    if (root.fork)
        return [from = root.fork](const request_info& request) {
            auto origin = from(request);
            return kernel::fork_of{std::move(origin.id), origin.head};
        };
    if (!root.snapshot) return root.component;
    return [from = root.snapshot, keys](const request_info& request) {
        return stube::restore(from(request), keys);
    };
}

site::site(const app& from, const server_options& options)
    : unsent(options.limits.max_unsent),
      base_path_(checked_base(options.base_path)),
      behind_tls_(options.behind_tls),
      hosts_(checked_hosts(options.hosts)),
      serves_all_hosts_(serves_all(options)),
      limits_(options.limits),
      plain_head_(make_page_head(from.error_pages_, base_path_)),
      scripts_(make_scripts(base_path_)),
      principal_(from.principal_),
      may_inspect_(from.may_inspect_) {
    const auto of_components = add_components();
    for (const auto& each : from.conversations_) {
        add_mount(
            {path_pattern(each.path),
             make_page_head(each.options, base_path_, of_components),
             root_function(each.root, options.conversations.secrets),
             each.root.reads_request,
             each.options.login.empty() ? std::string() : base_path_ + each.options.login}
        );
    }
    if (may_inspect_) add_inspector(of_components);
    for (const auto& each : from.pages_) {
        static_file file;
        file.type = html_type;
        file.headers = static_page_headers();
        file.owned = make_page_head(each.options, base_path_);
        std::string content;
        write_markup(content, each.content, no_wire());
        append_plain_body(file.owned, content);
        add_file(each.path, std::move(file));
    }
    for (const auto* list : {&from.assets_, &from.behaviors_}) {
        for (const auto& each : *list) {
            static_file file;
            file.type = each.mime;
            file.headers = each.how == caching::immutable ? immutable_caching : revalidating;
            file.owned = each.body;
            add_file(each.path, std::move(file));
        }
    }
    for (const auto& each : from.posts_)
        forms_.emplace(each.path, each.handler);
    add_assets();
}

void site::add_mount(mount_point mount) {
    mounts_.push_back(std::make_unique<mount_point>(std::move(mount)));
    const auto& added = *mounts_.back();
    if (added.pattern.has_parameters()) {
        const auto place = std::ranges::find_if(with_parameters_, [&](const auto* each) {
            return added.pattern.is_before(each->pattern);
        });
        with_parameters_.insert(place, &added);
        return;
    }
    route to;
    to.kind = route_kind::mount;
    to.mount = &added;
    routes_.emplace(added.pattern.text(), to);
}

const mount_point* site::pattern_mount_at(std::string_view site_path) const {
    const auto found = std::ranges::find_if(with_parameters_, [&](const auto* each) {
        return each->pattern.matches(site_path);
    });
    return found == with_parameters_.end() ? nullptr : *found;
}

/// Adds the panel of the inspector and the labels of components.
void site::add_inspector(std::string_view of_components) {
    inspection_ = std::make_unique<http::inspection>();
    page_options shell{.title = "Inspector"};
    shell.stylesheets.push_back(asset_address("stube-inspect.css", ""));
    mount_point panel{
        .pattern = path_pattern(std::string(inspector_path)),
        .head = make_page_head(shell, base_path_, of_components),
        .root =
            [](const request_info& from) {
                const auto head = parse_number(from.query("head").value_or("0"));
                if (!head) throw std::invalid_argument("the head is not a number");
                http::inspector shown{.of = from.query("of").value_or(""), .head = *head};
                return call<http::inspector>(std::move(shown)).release();
            },
        .reads_request = true,
        .login = {},
        .is_inspector = true
    };
    add_mount(std::move(panel));
    route labels;
    labels.kind = route_kind::inspector_labels;
    routes_.emplace(inspector_labels_path, labels);
}

void site::add_file(std::string path, static_file file) {
    auto kept = std::make_unique<static_file>(std::move(file));
    if (kept->body.data() == nullptr) kept->body = kept->owned;
    kept->etag = etag_of(kept->body);
    kept->headers += "ETag: " + kept->etag + "\r\n";
    if (!kept->gzip.empty()) kept->headers += "Vary: Accept-Encoding\r\n";
    route to;
    to.kind = route_kind::file;
    to.file = kept.get();
    routes_.emplace(std::move(path), to);
    files_.push_back(std::move(kept));
}

void site::add_assets() {
    for (const auto& each : assets()) {
        static_file file;
        file.type = each.mime;
        file.headers = immutable_caching;
        file.body = each.body;
        if (each.gzip.size() < each.body.size()) file.gzip = each.gzip;
        add_file("/stube/assets/" + std::string(each.hashed_name), std::move(file));
    }
}

/// Adds the styles of all components as one file. Returns their part of the head of pages with
/// conversations.
std::string site::add_components() {
    const auto known = known_components();
    auto styles = component_styles(known);
    std::string address;
    if (!styles.empty()) {
        const auto tag = etag_of(styles);
        const auto path = "/stube/assets/components." + tag.substr(1, tag.size() - 2) + ".css";
        static_file file;
        file.type = "text/css; charset=utf-8";
        file.headers = immutable_caching;
        file.owned = std::move(styles);
        add_file(path, std::move(file));
        address = base_path_ + path;
    }
    return make_component_head(known, address, base_path_);
}

route site::find(std::string_view path, std::string_view& site_path) const {
    site_path = path;
    route to;
    if (path == "/healthz") to.kind = route_kind::health;
    if (path == "/readyz") to.kind = route_kind::ready;
    if (path == "/metrics") to.kind = route_kind::metrics;
    if (to.kind != route_kind::nothing) return to;
    if (!base_path_.empty()) {
        if (!path.starts_with(base_path_)) return to;
        path.remove_prefix(base_path_.size());
        site_path = path;
    }
    constexpr std::string_view internal = "/stube/";
    if (path.starts_with(internal)) {
        to = find_internal(path.substr(internal.size()));
        if (to.kind != route_kind::nothing) return to;
    }
    if (const auto found = routes_.find(path); found != routes_.end()) {
        to = found->second;
    } else if (const auto* mount = pattern_mount_at(path)) {
        to.kind = route_kind::mount;
        to.mount = mount;
    }
    to.form = form_handler_at(path);
    return to;
}

route site::find_internal(std::string_view rest) const {
    route to;
    const auto word = take_until(rest, '/');
    to.conversation = take_until(rest, '/');
    if (word == "event") {
        to.instance = take_until(rest, '/');
        to.member = rest;
        if (!to.member.empty()) to.kind = route_kind::event;
    } else if (word == "back" && rest.empty() && !to.conversation.empty()) {
        to.kind = route_kind::back;
    } else if (word == "stream" && rest.empty() && !to.conversation.empty()) {
        to.kind = route_kind::stream;
    } else if (word == "news" && rest.empty() && !to.conversation.empty()) {
        to.kind = route_kind::news;
    }
    return to;
}

const mount_point* site::mount_at(std::string_view address) const {
    std::string path;
    if (!address.starts_with(base_path_) || !append_decoded(path, address, false)) return nullptr;
    std::string_view site_path;
    return find(path, site_path).mount;
}

const form_handler* site::form_handler_at(std::string_view site_path) const {
    const auto found = forms_.find(site_path);
    return found == forms_.end() ? nullptr : &found->second;
}

bool site::serves(std::string_view host) const {
    if (serves_all_hosts_ || host.empty()) return true;  // HTTP/1.0: not a browser
    const auto name = name_of(host);
    if (same_word(name, "localhost") || is_numeric(name)) return true;
    return std::ranges::any_of(hosts_, [&](const auto& each) { return same_word(each, name); });
}

std::string site::session_line(std::string_view session) const {
    constexpr auto lasting = std::chrono::days(30);
    return cookie_line({std::string(session_cookie), std::string(session), lasting});
}

std::string site::cookie_line(const cookie& cookie) const {
    if (!is_cookie_name(cookie.name) || !is_cookie_value(cookie.value))
        throw std::logic_error("stube: no cookie can be made of this: " + cookie.name);
    std::string lines;
    const bool has_prefix = behind_tls_ && base_path_.empty() && !cookie.name.starts_with("__");
    append_cookie(lines, has_prefix ? host_cookie_prefix : "", cookie);
    // Deletes the cookie without a prefix too, which an earlier release may have set.
    const bool is_end = cookie.max_age && cookie.max_age->count() <= 0;
    if (has_prefix && is_end) append_cookie(lines, "", cookie);
    return lines;
}

void site::append_cookie(std::string& out, std::string_view prefix, const cookie& cookie) const {
    out.append("Set-Cookie: ").append(prefix).append(cookie.name).append("=").append(cookie.value);
    out.append("; HttpOnly; SameSite=Lax; Path=").append(base_path_).append("/");
    if (cookie.max_age) {
        out += "; Max-Age=";
        append_number(out, static_cast<std::uint64_t>(std::max(cookie.max_age->count(), {})));
    }
    if (behind_tls_) out += "; Secure";
    out += "\r\n";
}

bool site::may_inspect(const request& request) const {
    try {
        return may_inspect_ && may_inspect_(request_info(request));
    } catch (...) {
        return false;
    }
}

principal site::user_of(const request& request) const {
    return principal_ ? principal_(request_info(request)) : principal();
}

}  // namespace stube::http
