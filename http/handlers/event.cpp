#include "http/handlers/exchange.hpp"
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

void send_refusal(exchange& ex, const problem& what, std::string_view restart) {
    std::string text;
    append_problem_notice(text, what, restart);
    auto& body = ex.scratch();
    append_notice(body, text);
    ex.send({what.status, html_type, fragment_headers, body});
}

/// The revision after the event. The page ignores patches that its stream has delivered already. It
/// opens the stream again if the stream does not deliver this revision.
std::string revision_line(const live::reply& r) {
    std::string out = "Stube-Revision: ";
    append_number(out, r.value->revision);
    return out += "\r\n";
}

void send_patches(exchange& ex, const live::reply& r, std::string_view more_headers = {}) {
    auto& body = ex.scratch();
    append_partials(body, *r.news, html_wire(ex.site().base_path(), r.value->id));
    const auto headers = revision_line(r).append(fragment_headers).append(more_headers);
    ex.send({200, html_type, headers, body});
}

/// Sends a response without patches; the stream delivers them, or there are none.
void send_no_news(exchange& ex, const live::reply& r, std::string_view more_headers = {}) {
    std::string headers = r.value ? revision_line(r) : std::string();
    ex.send({204, {}, headers.append(more_headers), {}});
}

/// The revision that the page shows. The scripts of a page without a stream send it.
std::optional<std::uint64_t> shown_by(const request& asked) {
    return parse_number(asked.header("stube-seen"));
}

/// True if the response must contain the patches, because no stream of this page delivers them.
bool has_news(const request& asked, const live::reply& r) {
    return (!r.streamed || shown_by(asked)) && r.news && r.value;
}

/// The header line for an event that has changed nothing.
constexpr std::string_view nothing_changed = "Stube-Failed: yes\r\n";

/// For a page that does not show the end of its conversation, for example because the response to
/// the last event was lost.
void send_end(exchange& ex, const live::reply& r) {
    const bool was_applied = r.value->knows(parse_hex16(ex.asked().event_id).value_or(0));
    const auto more_headers = was_applied ? std::string_view() : nothing_changed;
    if (has_news(ex.asked(), r)) return send_patches(ex, r, more_headers);
    std::string words;
    append_problem_view(words, problem_of(r.what), "?");
    auto& body = ex.scratch();
    append_last_words(body, words);
    const auto headers = revision_line(r).append(fragment_headers).append(more_headers);
    ex.send({200, html_type, headers, body});
}

/// For a component that threw. The patches contain a notice for the user.
void send_failure(exchange& ex, const live::reply& r) {
    has_news(ex.asked(), r) ? send_patches(ex, r, nothing_changed)
                            : send_no_news(ex, r, nothing_changed);
}

void send_reply(exchange& ex, live::reply&& r) {
    switch (r.what) {
    case live::status::ok:
    case live::status::ended:
    case live::status::repeated:
    case live::status::stale:
        return has_news(ex.asked(), r) ? send_patches(ex, r) : send_no_news(ex, r);
    case live::status::failed:
        return send_failure(ex, r);
    case live::status::just_ended:
        return send_end(ex, r);
    case live::status::lost:
        return send_refusal(ex, problem_of(r.what), r.mount);
    case live::status::gone:
    case live::status::foreign:
        return send_refusal(ex, problem_of(r.what, ex.asked()), "?");
    default:
        return send_refusal(ex, problem_of(r.what), {});
    }
}

void event_done(exchange& ex, live::reply&& r) {
    ex.counts().events[static_cast<std::size_t>(r.what)].add(1);
    send_reply(ex, std::move(r));
}

/// The status with which to refuse a request that changes something; nothing if it is acceptable.
std::optional<int> refusal_of(const request& asked) {
    if (!is_same_site(asked)) return 403;
    if (!is_form(asked.content_type)) return 415;
    if (parse_hex16(asked.event_id).value_or(0) == 0) return 400;
    return std::nullopt;
}

}  // namespace

void apply_event(exchange& ex, const route& where) {
    const auto& asked = ex.asked();
    if (const auto refused = refusal_of(asked)) return send_problem(ex, *refused);
    kernel::event what;
    what.id = *parse_hex16(asked.event_id);
    what.instance = parse_number(where.instance).value_or(0);
    if (what.instance == 0) return send_problem(ex, 404);
    what.name = where.member;
    if (!read_form(asked.body, ex.site().limits().max_fields, what.form, what.arguments)) {
        return send_problem(ex, 400);
    }
    ex.site().live->send(
        where.conversation,
        asked.owner,
        std::move(what),
        ex.home(),
        later(ex, &event_done),
        shown_by(asked)
    );
}

void go_back(exchange& ex, const route& where) {
    const auto& asked = ex.asked();
    if (const auto refused = refusal_of(asked)) return send_problem(ex, *refused);
    std::vector<form_value> form;
    std::string arguments;
    if (!read_form(asked.body, ex.site().limits().max_fields, form, arguments)) {
        return send_problem(ex, 400);
    }
    const auto field = std::ranges::find(form, "to", &form_value::name);
    std::optional<std::uint64_t> to;
    if (field != form.end()) {
        to = parse_number(field->value);
        if (!to) return send_problem(ex, 400);
    }
    ex.site().live->go_back(
        where.conversation,
        asked.owner,
        *parse_hex16(asked.event_id),
        to,
        ex.home(),
        later(ex, &event_done)
    );
}

void send_news(exchange& ex, const route& where) {
    const auto& asked = ex.asked();
    ex.site().live->catch_up(
        where.conversation,
        asked.owner,
        shown_by(asked),
        ex.home(),
        later(ex, &send_reply)
    );
}

}  // namespace stube::http
