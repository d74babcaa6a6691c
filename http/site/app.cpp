#include "http/protocol/path_pattern.hpp"
#include "http/protocol/text.hpp"
#include "http/site/server_registry.hpp"

#include <stube/http/app.hpp>
#include <stube/runtime/behavior.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace stube {

namespace {

/// Throws std::invalid_argument if the application must not use the path.
void check_not_reserved(const std::string& path) {
    constexpr std::array<std::string_view, 3> reserved{"/healthz", "/readyz", "/metrics"};
    if (path.starts_with("/stube/") || std::ranges::find(reserved, path) != reserved.end()) {
        throw std::invalid_argument("stube: this path is stube's own: " + path);
    }
}

/// The same for a path that must have no parameters.
void check_path(const std::string& path) {
    if (http::path_pattern(path).has_parameters())
        throw std::invalid_argument("stube: only a mount has parameters in its path: " + path);
    check_not_reserved(path);
}

void check_open_to_all(const page_options& options, const std::string& page) {
    if (options.login.empty()) return;
    throw std::invalid_argument(
        "stube: only a page with a conversation can ask for a login: " + page
    );
}

}  // namespace

app::app() : servers_(std::make_shared<http::server_registry>()) {}

void app::publish_text(std::string_view topic, const std::string& message) const {
    servers_->publish(topic, message);
}

live::conversation_history app::history() const {
    return servers_->only_one().history();
}

live::conversation_history app::history(stube::principal user) const {
    return servers_->only_one().history(std::move(user));
}

std::future<live::status> app::write_alias(std::string name, std::string_view id) const {
    return servers_->only_one().write_alias(id, std::move(name));
}

app& app::add_mount(std::string path, page_options options, root_maker root) {
    if (!options.login.empty() && !http::is_local_address(options.login)) {
        throw std::invalid_argument(
            "stube: the login page must be at an address of this server: " + options.login
        );
    }
    take_for_mount(path, root.reads_request);
    conversations_.push_back({std::move(path), std::move(options), std::move(root)});
    return *this;
}

app& app::restore(
    std::string path,
    std::function<boost::json::value(const request_info&)> from,
    page_options options
) {
    return add_mount(
        std::move(path),
        std::move(options),
        {.component = {}, .reads_request = true, .snapshot = std::move(from)}
    );
}

app& app::fork(
    std::string path,
    std::function<storage::fork_origin(const request_info&)> from,
    page_options options
) {
    return add_mount(
        std::move(path),
        std::move(options),
        {.component = {}, .reads_request = true, .fork = std::move(from)}
    );
}

app& app::page(std::string path, page_options options, markup content) {
    check_open_to_all(options, path);
    take(path);
    pages_.push_back({std::move(path), std::move(options), std::move(content)});
    return *this;
}

app& app::error_pages(page_options options) {
    check_open_to_all(options, "error_pages");
    error_pages_ = std::move(options);
    return *this;
}

app& app::asset(std::string path, std::string mime, std::string body, caching how) {
    take(path);
    if (mime.find_first_of("\r\n") != mime.npos)
        throw std::invalid_argument("stube: no media type: " + path);
    assets_.push_back({std::move(path), std::move(mime), std::move(body), how});
    return *this;
}

app& app::behavior(std::string_view name, std::string module) {
    std::string path = "/stube/behaviors/" + std::string(name) + ".js";
    if (!is_behavior_name(name) || std::ranges::find(taken_, path) != taken_.end()) {
        throw std::invalid_argument(
            "stube: no name for a behavior, or taken already: " + std::string(name)
        );
    }
    taken_.push_back(path);
    behaviors_.push_back(
        {std::move(path), "text/javascript; charset=utf-8", std::move(module), caching::revalidate}
    );
    return *this;
}

app& app::post(std::string path, std::function<redirect(const request_info&)> handler) {
    check_path(path);
    if (std::ranges::find(posts_, path, &post_at::path) != posts_.end())
        throw std::invalid_argument("stube: forms are taken at this path already: " + path);
    posts_.push_back({std::move(path), std::move(handler)});
    return *this;
}

app& app::secret_keys(stube::secret_keys keys) {
    secrets_ = std::move(keys);
    return *this;
}

app& app::principal(std::function<stube::principal(const request_info&)> who) {
    principal_ = std::move(who);
    return *this;
}

app& app::inspector(std::function<bool(const request_info&)> may_inspect) {
    may_inspect_ = std::move(may_inspect);
    return *this;
}

app& app::access(access_rule rule) {
    access_ = std::move(rule);
    return *this;
}

/// Records the path of a mount, which can have parameters. Throws std::invalid_argument if it
/// cannot be used.
void app::take_for_mount(const std::string& path, bool reads_request) {
    const http::path_pattern wanted(path);
    if (!wanted.has_parameters()) return take(path);
    check_not_reserved(path);
    if (!reads_request)
        throw std::invalid_argument(
            "stube: a mount with parameters needs a function that reads them: " + path
        );
    for (const auto& each : conversations_)
        if (const http::path_pattern other(each.path); other.conflicts_with(wanted))
            throw std::invalid_argument(
                "stube: these paths match the same addresses: " + path + " and " + each.path
            );
    taken_.push_back(path);
}

void app::take(const std::string& path) {
    check_path(path);
    if (std::ranges::find(taken_, path) != taken_.end()) {
        throw std::invalid_argument("stube: this path is taken already: " + path);
    }
    taken_.push_back(path);
}

}  // namespace stube
