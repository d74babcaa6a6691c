#include "http/exchange.hpp"
#include "http/page.hpp"
#include "http/problem.hpp"
#include "http/text.hpp"
#include "http/wire_html.hpp"
#include "http/wire_patches.hpp"

#include <stube/runtime/random_id.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

/// GET and HEAD <mount>
namespace stube::http {

namespace {

void send_page(exchange& ex, int status, std::string_view body) {
    const auto& asked = ex.asked();
    // Also the one it came with, which thereby lasts from now on.
    const auto session = asked.new_session.empty() ? asked.cookie(session_cookie)
                                                   : std::string_view(asked.new_session);
    if (!is_token(session)) return ex.send({status, html_type, page_headers, body});
    const auto headers = std::string(page_headers) + ex.site().session_line(session);
    ex.send({status, html_type, headers, body});
}

void send_problem_page(exchange& ex, const mount_point& where, const reply& r) {
    const auto what = problem_of(r.what);
    const bool is_over = what.status == 404 || what.status == 410;
    std::string content;
    append_problem_view(content, what, is_over ? std::string_view(where.address) : "", r.error_id);
    auto& body = ex.scratch();
    body = ex.site().plain_head();
    append_plain_body(body, content);
    send_page(ex, what.status, body);
}

void show(exchange& ex, const mount_point& where, const reply& r) {
    const auto& base = ex.site().base_path();
    const auto& conversation = *r.value;
    std::string view;
    std::string commands;
    const html_wire wire(base, conversation.id);
    for (const auto& each : r.news->patches) {
        if (each.what == patch::kind::command) append_partial(commands, each, wire);
        if (each.what == patch::kind::view || each.what == patch::kind::final)
            write_markup(view, each.content, wire);
    }
    auto& body = ex.scratch();
    if (r.what == status::ended) {
        body = ex.site().plain_head();
        append_plain_body(body, view);
    } else {
        body = where.head;
        live_body page;
        page.scripts = ex.site().scripts();
        page.base_path = base;
        page.conversation = conversation.id;
        page.revision = conversation.revision;
        page.step = conversation.step;
        page.heartbeat = ex.site().limits().heartbeat;
        page.view = view;
        page.commands = commands;
        append_live_body(body, page);
    }
    send_page(ex, 200, body);
}

const mount_point& place_of(exchange& ex) {
    return *static_cast<const mount_point*>(ex.asked().place);
}

void minted(exchange& ex, reply&& r) {
    const bool shown = (r.what == status::ok || r.what == status::ended) && r.value && r.news;
    shown ? show(ex, place_of(ex), r) : send_problem_page(ex, place_of(ex), r);
}

/// What the page begins with; nothing if the request does not make it.
std::optional<beginning> root_from(const request& asked, const mount_point& where) {
    try {
        return where.root(request_info(asked));
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

/// What looks and does not stay begins no conversation. So how long its page would be is not known,
/// nor said.
void send_head(exchange& ex) {
    std::string headers = "Content-Type: ";
    headers.append(html_type).append("\r\n").append(page_headers);
    ex.send({200, {}, headers, {}});
}

void mint(exchange& ex, const mount_point& where) {
    auto& asked = ex.asked();
    auto root = root_from(asked, where);
    if (!root) return send_problem(ex, 400);
    if (asked.verb == method::head) return send_head(ex);
    if (asked.owner.empty()) {
        asked.new_session = random_id();
        asked.owner = owner_of(asked.new_session, asked.principal);
    }
    ex.site().live->mint(
        where.address,
        std::move(*root),
        asked.owner,
        asked.principal,
        ex.home(),
        later(ex, &minted)
    );
}

void opened(exchange& ex, reply&& r) {
    const auto& where = place_of(ex);
    if (r.what == status::foreign) return mint(ex, where);
    // The address says what there was to see, whoever kept it.
    const bool is_over = r.what == status::gone || r.what == status::just_ended;
    if (is_over && where.reads_request) return mint(ex, where);
    if (r.what != status::ok || !r.value || !r.news) return send_problem_page(ex, where, r);
    if (r.value->mount != where.address && ex.site().mount_at(r.value->mount)) {
        const auto headers =
            "Cache-Control: no-store\r\nLocation: " + r.value->mount + "?c=" + r.value->id + "\r\n";
        return ex.send({303, "text/plain; charset=utf-8", headers, {}});
    }
    show(ex, where, r);
}

}  // namespace

namespace {

/// To the page for signing in, which is told where the visitor wanted to go.
void send_to_login(exchange& ex, const mount_point& where) {
    const auto& asked = ex.asked();
    std::string wanted = query_value(asked.site_path);
    if (!asked.query.empty()) wanted.append("?").append(asked.query);
    std::string headers = "Cache-Control: no-store\r\nLocation: " + where.login;
    headers += where.login.find('?') == where.login.npos ? "?next=" : "&next=";
    headers += query_value(wanted) + "\r\n";
    ex.send({303, "text/plain; charset=utf-8", headers, {}});
}

}  // namespace

void visit(exchange& ex, const mount_point& where) {
    auto& asked = ex.asked();
    if (!where.login.empty() && asked.principal.empty()) return send_to_login(ex, where);
    asked.place = &where;
    const auto id = asked.raw_query("c").value_or("");
    if (id.empty()) return mint(ex, where);
    ex.site().live->open(id, asked.owner, ex.home(), later(ex, &opened));
}

}  // namespace stube::http
