#include "http/handlers/event.hpp"

#include "http/handlers/send.hpp"
#include "http/protocol/form.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/problem.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"
#include "http/protocol/wire_patches.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Requests of a page's scripts: POST /stube/event/<conversation>/<instance>/<member>, POST
/// /stube/back/<conversation> and GET /stube/news/<conversation>. Stube-Seen contains the revision
/// that the page shows. The scripts put the response into the page.
namespace stube::http {

namespace {

constexpr std::string_view fragment_headers =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";

void send_refusal(exchange& ex, const problem& problem, std::string_view restart) {
    std::string text;
    append_problem_notice(text, problem, restart);
    auto& body = ex.scratch();
    append_notice(body, text);
    ex.send({problem.status, html_type, fragment_headers, body});
}

/// 0 if the request has no valid event id.
kernel::event_id event_id_of(const request& request) {
    constexpr std::size_t digits = 16;
    return parse_hex(request.event_id, digits).value_or(0);
}

void append_line(std::string& out, std::string_view name, std::uint64_t value) {
    out.append(name).append(": ");
    append_number(out, value);
    out += "\r\n";
}

/// Stube-Revision is the revision after the event. Stube-Base is the revision that the patches of
/// the response change into it; a page that shows another one cannot apply them. Without it, either
/// the response has the whole view or only notices, or the patches come on a stream of the page.
std::string revision_lines(const live::reply& reply) {
    std::string out;
    append_line(out, "Stube-Revision", reply.value->revision);
    const auto& news = reply.news;
    if (news && news->revision != 0 && !news->is_whole_view() && !reply.streamed)
        append_line(out, "Stube-Base", news->revision - 1);
    return out;
}

void send_patches(exchange& ex, const live::reply& reply, std::string_view more_headers = {}) {
    auto& body = ex.scratch();
    append_partials(body, *reply.news, html_wire(ex.site().base_path(), reply.value->id));
    const auto headers = revision_lines(reply).append(fragment_headers).append(more_headers);
    ex.send({200, html_type, headers, body});
}

/// Sends a response without patches; a stream delivers them, or there are none.
void send_no_news(exchange& ex, const live::reply& reply, std::string_view more_headers = {}) {
    std::string headers = reply.value ? revision_lines(reply) : std::string();
    ex.send({204, {}, headers.append(more_headers), {}});
}

/// The revision that the page shows. The scripts of a page without a stream send it.
std::optional<std::uint64_t> shown_by(const request& request) {
    return parse_number(request.header("stube-seen"));
}

/// True if the response must contain patches, because no stream of this page delivers them.
bool has_news(const request& request, const live::reply& reply) {
    if (!reply.news || reply.news->patches.empty() || !reply.value) return false;
    return !reply.streamed || shown_by(request);
}

/// The header line for an event that has changed nothing.
constexpr std::string_view nothing_changed = "Stube-Failed: yes\r\n";

/// For a page that does not show the end of its conversation, for example because the response to
/// the last event was lost.
void send_end(exchange& ex, const live::reply& reply) {
    const bool was_applied = reply.value->has_applied(event_id_of(ex.request()));
    const auto more_headers = was_applied ? std::string_view() : nothing_changed;
    if (has_news(ex.request(), reply)) return send_patches(ex, reply, more_headers);
    std::string view;
    append_problem_view(view, conversation_problem(reply.result), "?");
    auto& body = ex.scratch();
    append_final_view(body, view);
    const auto headers = revision_lines(reply).append(fragment_headers).append(more_headers);
    ex.send({200, html_type, headers, body});
}

/// For a component that threw. The patches contain a notice for the user.
void send_failure(exchange& ex, const live::reply& reply) {
    has_news(ex.request(), reply) ? send_patches(ex, reply, nothing_changed)
                                  : send_no_news(ex, reply, nothing_changed);
}

void send_reply(exchange& ex, live::reply&& reply) {
    switch (reply.result) {
    case live::status::ok:
    case live::status::ended:
    case live::status::repeated:
    case live::status::stale:
        return has_news(ex.request(), reply) ? send_patches(ex, reply) : send_no_news(ex, reply);
    case live::status::failed:
        return send_failure(ex, reply);
    case live::status::just_ended:
        return send_end(ex, reply);
    case live::status::lost:
        return send_refusal(ex, conversation_problem(reply.result), reply.mount);
    case live::status::gone:
    case live::status::foreign:
        return send_refusal(ex, conversation_problem_for(reply.result, ex.request()), "?");
    case live::status::unusable:
    case live::status::other_release:
    case live::status::unknown_event:
    case live::status::bad_arguments:
    case live::status::forbidden:
    case live::status::not_saved:
    case live::status::store_down:
    case live::status::overloaded:
        return send_refusal(ex, conversation_problem(reply.result), {});
    }
}

void on_event_done(exchange& ex, live::reply&& reply) {
    ex.counts().events[static_cast<std::size_t>(reply.result)].add(1);
    send_reply(ex, std::move(reply));
}

/// The status with which to refuse a request that changes something; nothing if it is acceptable.
std::optional<int> refusal_of(const request& request) {
    if (!is_same_site(request)) return 403;
    if (!is_form(request.content_type)) return 415;
    if (event_id_of(request) == 0) return 400;
    return std::nullopt;
}

}  // namespace

void apply_event(exchange& ex, const route& route) {
    const auto& request = ex.request();
    if (const auto refused = refusal_of(request)) return send_problem(ex, *refused);
    kernel::event event;
    event.id = event_id_of(request);
    event.instance = parse_number(route.instance).value_or(0);
    if (event.instance == 0) return send_problem(ex, 404);
    event.name = route.member;
    if (!read_form(request.body, ex.site().limits().max_fields, event.form, event.arguments)) {
        return send_problem(ex, 400);
    }
    ex.site().live->send(
        route.conversation,
        visitor_of(request),
        std::move(event),
        ex.executor(),
        reply_callback(ex, &on_event_done),
        shown_by(request)
    );
}

void go_back(exchange& ex, const route& route) {
    const auto& request = ex.request();
    if (const auto refused = refusal_of(request)) return send_problem(ex, *refused);
    std::vector<form_value> form;
    std::string arguments;
    if (!read_form(request.body, ex.site().limits().max_fields, form, arguments)) {
        return send_problem(ex, 400);
    }
    const auto field = std::ranges::find(form, "to", &form_value::name);
    std::optional<std::uint64_t> to;
    if (field != form.end()) {
        to = parse_number(field->value);
        if (!to) return send_problem(ex, 400);
    }
    ex.site().live->go_back(
        route.conversation,
        visitor_of(request),
        event_id_of(request),
        to,
        ex.executor(),
        reply_callback(ex, &on_event_done)
    );
}

void send_news(exchange& ex, const route& route) {
    const auto& request = ex.request();
    ex.site().live->catch_up(
        route.conversation,
        visitor_of(request),
        shown_by(request),
        ex.executor(),
        reply_callback(ex, &send_reply)
    );
}

}  // namespace stube::http
