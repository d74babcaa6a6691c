#include "http/handlers/handle.hpp"

#include "http/handlers/event.hpp"
#include "http/handlers/inspect.hpp"
#include "http/handlers/send.hpp"
#include "http/handlers/site_requests.hpp"
#include "http/handlers/stream.hpp"
#include "http/handlers/submission.hpp"
#include "http/handlers/visit.hpp"
#include "http/protocol/text.hpp"

namespace stube::http {

namespace {

void set_session(exchange& ex) {
    auto& request = ex.request();
    request.user = ex.site().user_of(request);
    const auto session = request.cookie(session_cookie);
    if (!is_token(session)) return;
    request.owner = owner_of(session, request.user.name);
}

void handle_event(exchange& ex, const route& route) {
    const auto& request = ex.request();
    const bool is_link = request.method == method::get;
    if (request.method != method::post && !is_link) return send_problem(ex, 405, "POST");
    set_session(ex);
    if (is_link) return show_link(ex, route);
    is_submission(request) ? submit_event(ex, route) : apply_event(ex, route);
}

void handle_back(exchange& ex, const route& route) {
    if (ex.request().method != method::post) return send_problem(ex, 405, "POST");
    set_session(ex);
    go_back(ex, route);
}

/// A path of the application, or of the people and programs that run the server.
void handle_path(exchange& ex, const route& route) {
    const auto& request = ex.request();
    if (route.form) {
        if (request.method == method::post) return handle_form(ex, *route.form);
        if (route.kind == route_kind::nothing) return send_problem(ex, 405, "POST");
        if (!is_get_or_head(request)) return send_problem(ex, 405, "GET, HEAD, POST");
    }
    if (route.kind == route_kind::nothing) return send_problem(ex, 404);
    if (!is_get_or_head(request)) return send_problem(ex, 405, "GET, HEAD");
    if (route.file) return send_file(ex, *route.file);
    if (!route.mount) return send_operations(ex, route.kind);
    ex.request().pattern = &route.mount->pattern;
    set_session(ex);
    visit(ex, *route.mount);
}

}  // namespace

void handle(exchange& ex) {
    auto& request = ex.request();
    const auto route = ex.site().find(request.path, request.site_path);
    switch (route.kind) {
    case route_kind::event:
        return handle_event(ex, route);
    case route_kind::back:
        return handle_back(ex, route);
    case route_kind::stream:
        if (request.method != method::get) return send_problem(ex, 405, "GET");
        set_session(ex);
        return attach_stream(ex, route);
    case route_kind::news:
        if (request.method != method::get) return send_problem(ex, 405, "GET");
        set_session(ex);
        return send_news(ex, route);
    case route_kind::inspector_labels:
        if (!is_get_or_head(request)) return send_problem(ex, 405, "GET, HEAD");
        return send_inspector_labels(ex);
    case route_kind::nothing:
    case route_kind::mount:
    case route_kind::file:
    case route_kind::health:
    case route_kind::ready:
    case route_kind::metrics:
        return handle_path(ex, route);
    }
}

void handle_refused(exchange& ex, int status) {
    auto& request = ex.request();
    ex.site().find(request.path, request.site_path);
    send_problem(ex, status);
}

void handle_failed(exchange& ex) {
    send_problem(ex, 500);
}

}  // namespace stube::http
