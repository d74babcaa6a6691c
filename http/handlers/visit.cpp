#include "http/handlers/visit.hpp"

#include "http/handlers/inspect.hpp"
#include "http/handlers/send.hpp"
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

std::string_view session_of(const request& request) {
    return request.new_session.empty() ? request.cookie(session_cookie)
                                       : std::string_view(request.new_session);
}

/// The headers of a page, with the session's cookie, whose lifetime each page load extends.
std::string headers_with_session(exchange& ex, const mount_point& mount) {
    std::string headers = mount.is_inspector ? framed_page_headers() : std::string(page_headers);
    const auto session = session_of(ex.request());
    if (is_token(session)) headers += ex.site().session_line(session);
    return headers;
}

void send_problem_page(
    exchange& ex,
    const mount_point& mount,
    const live::reply& reply,
    const problem& problem
) {
    const bool is_over = problem.status == 404 || problem.status == 410;
    std::string content;
    append_problem_view(
        content,
        problem,
        is_over ? std::string_view(ex.mount_address) : "",
        reply.error_id
    );
    send_plain_page(ex, problem.status, content, headers_with_session(ex, mount));
}

void send_problem_page(exchange& ex, const mount_point& mount, const live::reply& reply) {
    send_problem_page(ex, mount, reply, conversation_problem(reply.result));
}

/// Sends the last view of a conversation that has ended.
void show_end(exchange& ex, const live::reply& reply) {
    std::string view;
    for (const auto& each : reply.news->patches) {
        if (each.kind == kernel::patch_kind::final) write_markup(view, each.content, no_wire());
    }
    send_plain_page(ex, 200, view, headers_with_session(ex, *ex.mount));
}

void show(exchange& ex, const mount_point& mount, const live::reply& reply) {
    auto& request = ex.request();
    // A guest (see `app::access`) may come without a session; the page's forms need one.
    if (!is_token(session_of(request))) request.new_session = random_id();
    const auto& conversation = *reply.value;
    const auto ticket = make_ticket(session_of(request), conversation, !request.raw_query("c"));
    auto& body = ex.scratch();
    body = mount.head;
    append_live_page(body, ex.site().page_settings(), conversation, reply.news->patches, ticket);
    auto headers = headers_with_session(ex, mount);
    if (!mount.is_inspector) add_inspector(ex, conversation.id, body, headers);
    ex.send({200, html_type, headers, body});
}

constexpr problem too_many{
    429,
    "Too many pages",
    "There are too many open pages here, so no other one was begun. Please close some that you do "
    "not need any more, or try again later."
};

void on_minted(exchange& ex, live::reply&& reply) {
    if (reply.result == live::status::overloaded)
        return send_problem_page(ex, *ex.mount, reply, too_many);
    if (!reply.value || !reply.news) return send_problem_page(ex, *ex.mount, reply);
    if (reply.result == live::status::ok) return show(ex, *ex.mount, reply);
    reply.result == live::status::ended ? show_end(ex, reply)
                                        : send_problem_page(ex, *ex.mount, reply);
}

/// The beginning of a conversation; nothing if the application rejects the request.
std::optional<kernel::beginning> root_from(const request& request, const mount_point& mount) {
    try {
        return mount.root(request_info(request));
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

void mint(
    exchange& ex,
    kernel::beginning root,
    void (*on_reply)(exchange&, live::reply&&) = &on_minted
) {
    auto& request = ex.request();
    if (request.method == method::head) return send_head(ex);
    if (request.owner.empty()) {
        request.new_session = random_id();
        request.owner = owner_of(request.new_session, request.user.name);
    }
    ex.site().live->mint(
        ex.mount_address,
        std::move(root),
        request.owner,
        request.user,
        ex.executor(),
        reply_callback(ex, on_reply)
    );
}

void mint(exchange& ex, const mount_point& mount) {
    auto root = root_from(ex.request(), mount);
    root ? mint(ex, *std::move(root)) : send_problem(ex, 400);
}

/// A step of a conversation, written `<id>` or `<id>.<step>` in an address or a cookie.
struct conversation_step {
    std::string_view conversation;
    std::string_view step;  ///< a number, `last_step_word`, or empty
};

conversation_step parse_step(std::string_view text) {
    conversation_step out;
    out.conversation = take_until(text, '.');
    out.step = text;
    return out;
}

conversation_step step_in_query(const request& request) {
    return parse_step(request.raw_query("c").value_or(""));
}

void on_reopened(exchange& ex, live::reply&& reply) {
    const bool is_shown = reply.result == live::status::ok && reply.value && reply.news;
    is_shown ? show(ex, *ex.mount, reply) : send_problem_page(ex, *ex.mount, reply);
}

/// Shows the page after a move to another step, or the present step if the wanted one is absent.
void on_moved(exchange& ex, live::reply&& reply) {
    if (!reply.value) return send_problem_page(ex, *ex.mount, reply);
    ex.site().live->open(
        reply.value->id,
        visitor_of(ex.request()),
        ex.executor(),
        reply_callback(ex, &on_reopened)
    );
}

/// An address can name a conversation by an alias: `c=@order-4711`. Empty for another value.
std::optional<std::string> alias_in_query(const request& request) {
    auto wanted = request_info(request).query("c");
    if (!wanted || !wanted->starts_with('@')) return std::nullopt;
    return wanted->substr(1);
}

/// Redirects to the conversation. A visitor who may not see it gets the same answer as for an alias
/// that does not exist.
void on_opened_by_alias(exchange& ex, live::reply&& reply) {
    if (reply.result == live::status::foreign || !reply.value) return send_problem(ex, 404);
    if (reply.result == live::status::just_ended) return send_problem_page(ex, *ex.mount, reply);
    send_redirect(ex, reply.value->mount + "?c=" + reply.value->id);
}

void open_by_alias(exchange& ex, const std::string& alias) {
    auto& live = *ex.site().live;
    const auto id = live.keeps_archive() ? live.history().find_alias(alias) : std::nullopt;
    if (!id) return send_problem(ex, 404);
    live.open(
        *id,
        visitor_of(ex.request()),
        ex.executor(),
        reply_callback(ex, &on_opened_by_alias)
    );
}

void on_opened(exchange& ex, live::reply&& reply) {
    const auto& mount = *ex.mount;
    if (reply.result == live::status::foreign) return mint(ex, mount);
    const auto step = step_in_query(ex.request()).step;
    if (reply.result == live::status::just_ended && reply.news && step == last_step_word)
        return show_end(ex, reply);
    const bool is_over =
        reply.result == live::status::gone || reply.result == live::status::just_ended;
    if (is_over && mount.reads_request) return mint(ex, mount);
    if (reply.result != live::status::ok || !reply.value || !reply.news)
        return send_problem_page(ex, mount, reply);
    if (reply.value->mount != ex.mount_address && ex.site().mount_at(reply.value->mount)) {
        return send_redirect(ex, reply.value->mount + "?c=" + reply.value->id);
    }
    // Without scripts, the browser's Back, Forward and reload load the address of a step.
    const auto wanted = parse_number(step);
    if (wanted && *wanted != reply.value->step && is_same_site(ex.request())) {
        return ex.site().live->go_back(
            reply.value->id,
            visitor_of(ex.request()),
            0,
            wanted,
            ex.executor(),
            reply_callback(ex, &on_moved)
        );
    }
    show(ex, mount, reply);
}

std::string_view cookie_of_bare_address(exchange& ex, const mount_point& mount) {
    return ex.request().cookie(bare_address_cookie(ex.site().base_path(), mount.pattern.text()));
}

/// Redirects an address without a conversation to the conversation that began there.
void on_opened_by_cookie(exchange& ex, live::reply&& reply) {
    const auto& mount = *ex.mount;
    if (reply.result != live::status::ok || !reply.value || reply.value->mount != ex.mount_address)
        return mint(ex, mount);
    const auto begun = parse_step(cookie_of_bare_address(ex, mount));
    send_redirect(ex, page_address(ex.site().base_path(), *reply.value, begun.step));
}

/// True if the visitor followed a link, and so wants a new conversation. Back cannot be
/// distinguished from an address that was typed.
bool follows_link(const request& request) {
    return request.header("sec-fetch-user") == "?1" && request.fetch_site != "none" &&
           request.header("cache-control").empty();
}

/// Redirects to the login page, with the address that the visitor wanted in `next`.
void send_to_login(exchange& ex, const mount_point& mount) {
    const auto& request = ex.request();
    std::string wanted = query_value(request.site_path);
    if (!request.query.empty()) wanted.append("?").append(request.query);
    const auto* parameter = mount.login.find('?') == mount.login.npos ? "?next=" : "&next=";
    send_redirect(ex, mount.login + parameter + query_value(wanted));
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

void on_forked(exchange& ex, live::reply&& reply) {
    if (reply.result != live::status::ok || !reply.value) return on_minted(ex, std::move(reply));
    std::string cookies;
    if (const auto session = session_of(ex.request()); is_token(session))
        cookies = ex.site().session_line(session);
    send_redirect(ex, reply.value->mount + "?c=" + reply.value->id + "&inspect=1", cookies);
}

/// True if there is such a head, of a conversation at the requested address.
bool can_be_forked(exchange& ex, const archived_request& wanted) {
    auto& live = *ex.site().live;
    if (!live.keeps_archive()) return false;
    const auto found = live.history().view(wanted.conversation, wanted.head);
    return found && found->value.mount == ex.mount_address;
}

/// Shows the page as it was, or begins a conversation that continues from there.
void answer_archived(exchange& ex, const archived_request& wanted) {
    if (wanted.wanted == archived_request::purpose::show)
        return show_archived_page(ex, *ex.mount, wanted);
    if (!is_same_site(ex.request())) return send_problem(ex, 403);
    if (!can_be_forked(ex, wanted)) return send_problem(ex, 404);
    mint(ex, kernel::fork_of{wanted.conversation, wanted.head}, &on_forked);
}

/// The address of the requested page without its query.
std::string address_of(exchange& ex, const mount_point& mount) {
    const auto& path = mount.pattern.text();
    const auto& base = ex.site().base_path();
    return base + (mount.pattern.has_parameters() ? query_value(ex.request().site_path) : path);
}

}  // namespace

void visit(exchange& ex, const mount_point& mount) {
    auto& request = ex.request();
    if (mount.is_inspector && !ex.site().may_inspect(request)) return send_problem(ex, 404);
    const bool is_panel = mount.is_inspector && is_own_frame(request);
    if (!is_panel && !is_visit(request)) return refuse_to_show(ex);
    if (!mount.login.empty() && request.user.is_anonymous()) return send_to_login(ex, mount);
    ex.mount = &mount;
    ex.mount_address = address_of(ex, mount);
    if (const auto archived = archived_request_in(ex)) return answer_archived(ex, *archived);
    if (const auto alias = alias_in_query(request)) return open_by_alias(ex, *alias);
    const auto id = step_in_query(request).conversation;
    if (!id.empty())
        return ex.site()
            .live->open(id, visitor_of(request), ex.executor(), reply_callback(ex, &on_opened));
    const auto begun = parse_step(cookie_of_bare_address(ex, mount));
    const bool continues = is_token(begun.conversation) && parse_number(begun.step) &&
                           request.query.empty() && !follows_link(request);
    if (!continues) return mint(ex, mount);
    ex.site().live->open(
        begun.conversation,
        visitor_of(request),
        ex.executor(),
        reply_callback(ex, &on_opened_by_cookie)
    );
}

}  // namespace stube::http
