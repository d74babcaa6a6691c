#include "http/handlers/exchange.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/page_ticket.hpp"
#include "http/protocol/problem.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"

#include <stube/runtime/random_id.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

/// GET and HEAD <mount>: a page with a conversation.
namespace stube::http {

namespace {

std::string_view session_of(const request& asked) {
    return asked.new_session.empty() ? asked.cookie(session_cookie)
                                     : std::string_view(asked.new_session);
}

/// The headers of a page, with the session's cookie, whose lifetime each page load extends.
std::string headers_with_session(exchange& ex) {
    std::string headers(page_headers);
    const auto session = session_of(ex.asked());
    if (is_token(session)) headers += ex.site().session_line(session);
    return headers;
}

void send_problem_page(
    exchange& ex,
    const mount_point& where,
    const live::reply& r,
    const problem& what
) {
    const bool is_over = what.status == 404 || what.status == 410;
    std::string content;
    append_problem_view(content, what, is_over ? std::string_view(where.address) : "", r.error_id);
    send_plain_page(ex, what.status, content, headers_with_session(ex));
}

void send_problem_page(exchange& ex, const mount_point& where, const live::reply& r) {
    send_problem_page(ex, where, r, problem_of(r.what));
}

/// Sends the last view of a conversation that has ended.
void show_end(exchange& ex, const live::reply& r) {
    std::string view;
    for (const auto& each : r.news->patches) {
        if (each.what == kernel::patch::kind::final) write_markup(view, each.content, no_wire());
    }
    send_plain_page(ex, 200, view, headers_with_session(ex));
}

void show(exchange& ex, const mount_point& where, const live::reply& r) {
    const auto& asked = ex.asked();
    const auto& conversation = *r.value;
    const auto ticket = make_ticket(session_of(asked), conversation, !asked.raw_query("c"));
    auto& body = ex.scratch();
    body = where.head;
    append_live_page(body, ex.site(), conversation, r.news->patches, ticket);
    ex.send({200, html_type, headers_with_session(ex), body});
}

const mount_point& place_of(exchange& ex) {
    return *static_cast<const mount_point*>(ex.asked().place);
}

constexpr problem too_many{
    429,
    "Too many pages",
    "There are too many open pages here, so no other one was begun. Please close some that you do "
    "not need any more, or try again later."
};

void minted(exchange& ex, live::reply&& r) {
    if (r.what == live::status::overloaded) return send_problem_page(ex, place_of(ex), r, too_many);
    if (!r.value || !r.news) return send_problem_page(ex, place_of(ex), r);
    if (r.what == live::status::ok) return show(ex, place_of(ex), r);
    r.what == live::status::ended ? show_end(ex, r) : send_problem_page(ex, place_of(ex), r);
}

/// The beginning of a conversation; nothing if the application rejects the request.
std::optional<kernel::beginning> root_from(const request& asked, const mount_point& where) {
    try {
        return where.root(request_info(asked));
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

/// Answers a HEAD, which begins no conversation. The length of the page is therefore unknown, and
/// no Content-Length is sent.
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

/// A place in a conversation, written `<id>` or `<id>.<step>` in an address or a cookie.
struct named_place {
    std::string_view conversation;
    std::string_view step;  ///< a number, `last_step_word`, or empty
};

named_place named_in(std::string_view text) {
    named_place out;
    out.conversation = take_until(text, '.');
    out.step = text;
    return out;
}

named_place named_by(const request& asked) {
    return named_in(asked.raw_query("c").value_or(""));
}

void reopened(exchange& ex, live::reply&& r) {
    const bool is_shown = r.what == live::status::ok && r.value && r.news;
    is_shown ? show(ex, place_of(ex), r) : send_problem_page(ex, place_of(ex), r);
}

/// Shows the page after a move to another step, or the present step if the wanted one is absent.
void moved(exchange& ex, live::reply&& r) {
    if (!r.value) return send_problem_page(ex, place_of(ex), r);
    ex.site().live->open(r.value->id, ex.asked().owner, ex.home(), later(ex, &reopened));
}

void opened(exchange& ex, live::reply&& r) {
    const auto& where = place_of(ex);
    if (r.what == live::status::foreign) return mint(ex, where);
    const auto step = named_by(ex.asked()).step;
    if (r.what == live::status::just_ended && r.news && step == last_step_word)
        return show_end(ex, r);
    const bool is_over = r.what == live::status::gone || r.what == live::status::just_ended;
    if (is_over && where.reads_request) return mint(ex, where);
    if (r.what != live::status::ok || !r.value || !r.news) return send_problem_page(ex, where, r);
    if (r.value->mount != where.address && ex.site().mount_at(r.value->mount)) {
        return send_redirect(ex, r.value->mount + "?c=" + r.value->id);
    }
    // Without scripts, the browser's Back, Forward and reload load the address of a step.
    const auto wanted = parse_number(step);
    if (wanted && *wanted != r.value->step && is_same_site(ex.asked())) {
        return ex.site()
            .live->go_back(r.value->id, ex.asked().owner, 0, wanted, ex.home(), later(ex, &moved));
    }
    show(ex, where, r);
}

/// Redirects an address without a conversation to the conversation that began there.
void found_begun(exchange& ex, live::reply&& r) {
    const auto& where = place_of(ex);
    if (r.what != live::status::ok || !r.value || r.value->mount != where.address)
        return mint(ex, where);
    const auto place = named_in(ex.asked().cookie(bare_address_cookie(where.address)));
    send_redirect(ex, page_address(ex.site(), *r.value, place.step));
}

/// True if the visitor followed a link, and so wants a new conversation. Back cannot be
/// distinguished from an address that was typed.
bool follows_link(const request& asked) {
    return asked.header("sec-fetch-user") == "?1" && asked.fetch_site != "none" &&
           asked.header("cache-control").empty();
}

/// Redirects to the login page, with the address that the visitor wanted in `next`.
void send_to_login(exchange& ex, const mount_point& where) {
    const auto& asked = ex.asked();
    std::string wanted = query_value(asked.site_path);
    if (!asked.query.empty()) wanted.append("?").append(asked.query);
    const auto* parameter = where.login.find('?') == where.login.npos ? "?next=" : "&next=";
    send_redirect(ex, where.login + parameter + query_value(wanted));
}

/// Refuses a request that is not a visit. Any site can make a browser send such requests, in any
/// number and with the visitor's cookie, so they must not begin conversations that evict others. A
/// browser whose prefetch was refused sends the request again when the visitor goes there.
void refuse_to_show(exchange& ex) {
    ex.send(
        {403,
         "text/plain; charset=utf-8",
         "Cache-Control: no-store\r\n",
         "This is a page to visit, not a part of another one.\n"}
    );
}

}  // namespace

void visit(exchange& ex, const mount_point& where) {
    auto& asked = ex.asked();
    if (!is_visit(asked)) return refuse_to_show(ex);
    if (!where.login.empty() && asked.principal.empty()) return send_to_login(ex, where);
    asked.place = &where;
    const auto id = named_by(asked).conversation;
    if (!id.empty()) return ex.site().live->open(id, asked.owner, ex.home(), later(ex, &opened));
    const auto begun = named_in(asked.cookie(bare_address_cookie(where.address)));
    const bool goes_on = is_token(begun.conversation) && parse_number(begun.step) &&
                         asked.query.empty() && !follows_link(asked);
    if (!goes_on) return mint(ex, where);
    ex.site().live->open(begun.conversation, asked.owner, ex.home(), later(ex, &found_begun));
}

}  // namespace stube::http
