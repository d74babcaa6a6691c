#include "http/handlers/site_requests.hpp"

#include "http/handlers/send.hpp"
#include "http/protocol/text.hpp"
#include "http/site/server_log.hpp"

#include <stdexcept>
#include <string>

namespace stube::http {

namespace {

/// True if an Accept-Encoding header allows gzip: "gzip", "br, gzip;q=0.5", but not "gzip;q=0".
bool takes_gzip(std::string_view accepted) {
    while (!accepted.empty()) {
        auto parameters = take_until(accepted, ',');
        const auto name = trimmed(take_until(parameters, ';'));
        if (!same_word(name, "gzip") && name != "*") continue;
        const auto weight = trimmed(parameters);
        return !(weight.starts_with("q=0") && weight.find_first_not_of("0.", 3) == weight.npos);
    }
    return false;
}

/// True if an If-None-Match header contains the tag.
bool is_known(std::string_view known, std::string_view etag) {
    while (!known.empty()) {
        auto each = trimmed(take_until(known, ','));
        if (each.starts_with("W/")) each.remove_prefix(2);
        if (each == etag || each == "*") return true;
    }
    return false;
}

}  // namespace

void send_file(exchange& ex, const static_file& file) {
    const auto& request = ex.request();
    if (is_known(request.header("if-none-match"), file.etag))
        return ex.send({304, {}, file.headers, {}});
    if (file.gzip.empty() || !takes_gzip(request.header("accept-encoding"))) {
        return ex.send({200, file.type, file.headers, file.body});
    }
    const auto headers = file.headers + "Content-Encoding: gzip\r\n";
    ex.send({200, file.type, headers, file.gzip});
}

void handle_form(exchange& ex, const form_handler& handler) {
    const auto& request = ex.request();
    // Only headers set by the browser reveal a form from another site. (Events also have a header
    // that another site cannot make a browser send.) So these headers are required here.
    const bool has_origin = !request.fetch_site.empty() || !request.origin.empty();
    if (!has_origin || !is_same_site(request)) return send_problem(ex, 403);
    if (!is_form(request.content_type)) return send_problem(ex, 415);
    redirect next;
    try {
        next = handler(request_info(request));
    } catch (const std::invalid_argument&) {
        return send_problem(ex, 400);
    }
    if (!is_local_address(next.to)) return send_problem(ex, 400);
    std::string more = "X-Content-Type-Options: nosniff\r\n";
    for (const auto& each : next.cookies)
        more += ex.site().cookie_line(each);
    send_redirect(ex, ex.site().base_path() + next.to, more);
}

void send_operations(exchange& ex, route_kind kind) {
    constexpr std::string_view plain = "text/plain; charset=utf-8";
    constexpr std::string_view fresh = "Cache-Control: no-store\r\n";
    if (kind == route_kind::metrics) {
        const auto& site = ex.site();
        const auto text = site.counts.text(
            {site.live->size(), site.unsent.bytes(), site.log->lost()},
            site.live->counts()
        );
        return ex.send({200, "text/plain; version=0.0.4; charset=utf-8", fresh, text});
    }
    if (kind == route_kind::ready && ex.site().draining)
        return ex.send({503, plain, fresh, "draining\n"});
    ex.send({200, plain, fresh, kind == route_kind::ready ? "ready\n" : "ok\n"});
}

}  // namespace stube::http
