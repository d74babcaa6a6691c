#include "http/handlers/exchange.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/problem.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_patches.hpp"

namespace stube::http {

namespace {

bool is_read(const request& asked) {
    return asked.verb == method::get || asked.verb == method::head;
}

bool is_event(const request& asked) {
    return asked.verb == method::post && asked.site_path.starts_with("/stube/event/");
}

/// True for a form that a browser sends without scripts. The browser shows the response as a page.
bool is_submission(const request& asked) {
    return is_event(asked) && asked.event_id.empty();
}

/// True for a request by htmx, which puts the response into the page.
bool is_change(const request& asked) {
    const bool is_back = asked.verb == method::post && asked.site_path.starts_with("/stube/back/");
    return is_back || (is_event(asked) && !is_submission(asked));
}

void set_session(exchange& ex) {
    auto& asked = ex.asked();
    asked.principal = ex.site().principal_of(asked);
    const auto session = asked.cookie(session_cookie);
    if (!is_token(session)) return;
    asked.owner = owner_of(session, asked.principal);
}

}  // namespace

void handle(exchange& ex) {
    auto& asked = ex.asked();
    const auto to = ex.site().find(asked.path, asked.site_path);
    if (to.what == route::kind::event || to.what == route::kind::back) {
        const bool is_link = to.what == route::kind::event && asked.verb == method::get;
        if (asked.verb != method::post && !is_link) return send_problem(ex, 405, "POST");
        set_session(ex);
        if (is_link) return show_link(ex, to);
        if (is_submission(asked)) return submit_event(ex, to);
        return to.what == route::kind::event ? apply_event(ex, to) : go_back(ex, to);
    }
    if (to.what == route::kind::stream) {
        if (asked.verb != method::get) return send_problem(ex, 405, "GET");
        set_session(ex);
        return attach_stream(ex, to);
    }
    if (to.what == route::kind::news) {
        if (asked.verb != method::get) return send_problem(ex, 405, "GET");
        set_session(ex);
        return send_news(ex, to);
    }
    if (to.form) {
        if (asked.verb == method::post) return answer_form(ex, *to.form);
        if (to.what == route::kind::nothing) return send_problem(ex, 405, "POST");
        if (!is_read(asked)) return send_problem(ex, 405, "GET, HEAD, POST");
    }
    if (to.what == route::kind::nothing) return send_problem(ex, 404);
    if (!is_read(asked)) return send_problem(ex, 405, "GET, HEAD");
    switch (to.what) {
    case route::kind::mount:
        set_session(ex);
        return visit(ex, *to.mount);
    case route::kind::file:
        return send_file(ex, *to.file);
    default:
        return send_operations(ex, to.what);
    }
}

void send_plain_page(exchange& ex, int status, std::string_view content, std::string_view headers) {
    auto& body = ex.scratch();
    body = ex.site().plain_head();
    append_plain_body(body, content);
    ex.send({status, html_type, headers, body});
}

void send_redirect(exchange& ex, std::string_view address, std::string_view more) {
    std::string headers = "Cache-Control: no-store\r\nLocation: ";
    headers.append(address).append("\r\n").append(more);
    ex.send({303, "text/plain; charset=utf-8", headers, {}});
}

void send_problem(exchange& ex, int status, std::string_view allow) {
    const auto what = problem_of(status);
    const auto& asked = ex.asked();
    const bool is_internal = asked.site_path.starts_with("/stube/") && !is_submission(asked);
    auto& body = ex.scratch();
    std::string headers;
    if (!allow.empty()) headers.append("Allow: ").append(allow).append("\r\n");
    if (is_change(asked)) {
        std::string text;
        append_problem_notice(text, what, {});
        append_notice(body, text);
        headers += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
        return ex.send({what.status, html_type, headers, body});
    }
    const bool wants_page =
        is_read(asked) || is_submission(asked) || ex.site().form_handler_at(asked.site_path);
    if (wants_page && !is_internal && !asked.site_path.empty()) {
        std::string content;
        append_problem_view(content, what, {});
        return send_plain_page(ex, what.status, content, headers.append(page_headers));
    }
    body.append(what.text).append("\n");
    ex.send({what.status, "text/plain; charset=utf-8", headers, body});
}

}  // namespace stube::http
