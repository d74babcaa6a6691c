#include "http/handlers/exchange.hpp"
#include "http/protocol/form.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/page_ticket.hpp"
#include "http/protocol/problem.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// POST /stube/event/<conversation>/<instance>/<member>: a form that a browser submits without
/// scripts. GET of the same address: a link that is followed without scripts.
///
/// The response is a redirect to the page, which shows the new state, so that a reload repeats
/// nothing. A refused event is answered with a page that gives the reason, and that holds the
/// submitted values if sending them again can help.
namespace stube::http {

namespace {

/// The field with the user's decision about a question: "yes", or anything else.
constexpr std::string_view decision_field = "stube-agreed";

/// The time during which an address without a conversation leads to the one that began there.
constexpr auto bare_address_lasts = std::chrono::hours(1);

void append_hidden(std::string& out, std::string_view name, std::string_view value) {
    out += "<input type=\"hidden\" name=\"";
    append_attribute(out, name);
    out += "\" value=\"";
    append_attribute(out, value);
    out += "\">";
}

/// Appends all fields of the submission except the decision, as hidden fields.
void append_fields(std::string& out, std::string_view body) {
    while (!body.empty()) {
        auto value = take_until(body, '&');
        std::string name, text;
        if (!append_decoded(name, take_until(value, '='), true)) continue;
        if (append_decoded(text, value, true) && name != decision_field)
            append_hidden(out, name, text);
    }
}

/// Sends a page with a title and a text. Both may come from the application; `more` is finished
/// HTML.
void send_card(exchange& ex, const problem& what, std::string_view more) {
    std::string content = "<section class=\"card\" role=\"alert\"><h1>";
    append_element_text(content, what.title);
    content += "</h1>";
    if (!what.text.empty()) {
        content += "<p>";
        append_element_text(content, what.text);
        content += "</p>";
    }
    content.append(more).append("</section>");
    send_plain_page(ex, what.status, content);
}

/// A form that submits the same fields to the same address again.
std::string form_again(const request& asked, std::string_view buttons) {
    std::string out = "<form method=\"post\" action=\"";
    append_attribute(out, asked.target);
    out += "\">";
    append_fields(out, asked.body);
    return out.append("<div class=\"actions\">").append(buttons).append("</div></form>");
}

void send_question(exchange& ex, std::string_view question) {
    const auto form = form_again(
        ex.asked(),
        "<button name=\"stube-agreed\" value=\"yes\">Yes</button>"
        "<button class=\"secondary\" name=\"stube-agreed\" value=\"no\">No</button>"
    );
    send_card(ex, {200, question, {}}, form);
}

void send_try_again(exchange& ex, const problem& what) {
    const auto form = form_again(ex.asked(), "<button>Try again</button>");
    send_card(ex, what, form);
}

/// Appends the submitted values, so that the user can copy them from a refusal.
void append_typed(std::string& out, exchange& ex) {
    std::vector<form_value> form;
    std::string arguments;
    if (!read_form(ex.asked().body, ex.site().limits().max_fields, form, arguments)) return;
    std::erase_if(form, [](const form_value& each) {
        return each.value.empty() || each.name.starts_with(ticket_field);
    });
    if (form.empty()) return;
    // The values are hidden at first, because one of them may be a password.
    out += "<details class=\"card\"><summary>What you have entered</summary>";
    for (const auto& each : form) {
        out += "<label>";
        append_element_text(out, each.name.substr(each.name.find('-') + 1));
        out += "<textarea readonly>\n";
        append_element_text(out, each.value);
        out += "</textarea></label>";
    }
    out += "</details>";
}

void send_refusal_page(exchange& ex, const problem& what, std::string_view restart = {}) {
    std::string content;
    append_problem_view(content, what, restart);
    append_typed(content, ex);
    send_plain_page(ex, what.status, content);
}

/// The address of the page that contained the form, without its conversation.
std::string address_before(const request& asked) {
    const auto from = asked.header("referer");
    const auto at = from.find("://");
    if (at == from.npos) return {};
    auto path = from.substr(std::min(from.find('/', at + 3), from.size()));
    path = path.substr(0, path.find('?'));
    return is_local_address(path) ? std::string(path) : std::string();
}

void send_needs_cookie(exchange& ex) {
    send_refusal_page(ex, needs_cookie(), address_before(ex.asked()));
}

/// The cookie for a page whose address does not contain its conversation. The browser's Back leads
/// to that address, and the cookie leads from there to this conversation and the step that the page
/// showed.
std::string bare_address_line(exchange& ex, const conversation& of) {
    const auto text = request_info(ex.asked()).form(ticket_field).value_or("");
    const auto ticket = read_ticket(text);
    if (!ticket || !ticket->is_bare) return {};
    std::string place = of.id + ".";
    append_number(place, ticket->step);
    return ex.site().cookie_line(
        {bare_address_cookie(of.mount), std::move(place), bare_address_lasts}
    );
}

/// True if this submission was applied already, before the conversation ended: a double click.
bool was_applied(exchange& ex, const conversation& of) {
    return of.knows(submission_id(ex.asked().target, ex.asked().body));
}

void submitted(exchange& ex, live::reply&& r) {
    ex.counts().events[static_cast<std::size_t>(r.what)].add(1);
    switch (r.what) {
    case live::status::ok:
    case live::status::repeated:
    case live::status::stale:
    case live::status::failed: {
        const auto address = page_address(ex.site(), *r.value, std::to_string(r.value->step));
        return send_redirect(ex, address, bare_address_line(ex, *r.value));
    }
    case live::status::just_ended:
        if (!was_applied(ex, *r.value)) return send_refusal_page(ex, problem_of(r.what));
        [[fallthrough]];
    case live::status::ended:
        return send_redirect(ex, page_address(ex.site(), *r.value, last_step_word));
    case live::status::not_saved:
    case live::status::store_down:
    case live::status::overloaded:
        return send_try_again(ex, problem_of(r.what));
    case live::status::lost:
        return send_refusal_page(ex, problem_of(r.what), r.mount);
    default:
        return send_refusal_page(ex, problem_of(r.what));
    }
}

/// Replaces the CR LF that browsers submit at the end of a line with the LF that scripts send.
void unify_lines(std::vector<form_value>& form) {
    for (auto& each : form) {
        for (auto at = each.value.find("\r\n"); at != each.value.npos;
             at = each.value.find("\r\n", at))
            each.value.erase(at, 1);
    }
}

/// Removes the field of that name from the form and returns its value.
std::optional<std::string> take_field(std::vector<form_value>& form, std::string_view name) {
    const auto found = std::ranges::find(form, name, &form_value::name);
    if (found == form.end()) return std::nullopt;
    auto value = std::move(found->value);
    form.erase(found);
    return value;
}

/// The arguments of the button, or else those of the form. The form's arguments have a field of
/// their own, because its buttons may have arguments too.
std::string arguments_of(std::vector<form_value>& form, const route& where, std::string&& button) {
    std::string name(arguments_field);
    name.append("-").append(where.instance).append("-").append(where.member);
    auto of_form = take_field(form, name);
    return button.empty() && of_form ? *std::move(of_form) : std::move(button);
}

}  // namespace

void submit_event(exchange& ex, const route& where) {
    const auto& asked = ex.asked();
    if (!is_same_site(asked)) return send_problem(ex, 403);
    if (!is_form(asked.content_type)) return send_problem(ex, 415);
    kernel::event what;
    what.instance = parse_number(where.instance).value_or(0);
    if (what.instance == 0) return send_problem(ex, 404);
    std::string arguments;
    if (!read_form(asked.body, ex.site().limits().max_fields, what.form, arguments))
        return send_problem(ex, 400);
    const auto text = take_field(what.form, ticket_field);
    const auto ticket = text ? read_ticket(*text) : std::nullopt;
    if (!ticket) return send_problem(ex, 400);
    const auto session = asked.cookie(session_cookie);
    if (!is_token(session)) return send_needs_cookie(ex);
    if (!is_token_of(ticket->token, session, where.conversation))
        return send_refusal_page(ex, problem_of(live::status::foreign));
    const request_info info(asked);
    const auto question = info.query("ask");
    const auto decision = take_field(what.form, decision_field);
    if (question && !decision) return send_question(ex, *question);

    what.arguments = arguments_of(what.form, where, std::move(arguments));
    if (what.arguments.empty()) what.arguments = info.query("args").value_or("");
    // An event without a member name only stores the submitted values.
    if (!question || decision == "yes") what.name = where.member;
    what.id = submission_id(asked.target, asked.body);
    what.page = kernel::submitted_page{ticket->step, ticket->revision};
    unify_lines(what.form);
    ex.site().live->send(
        where.conversation,
        asked.owner,
        std::move(what),
        ex.home(),
        later(ex, &submitted)
    );
}

namespace {

void opened_by_link(exchange& ex, live::reply&& r) {
    if (r.what != live::status::ok || !r.value) return send_refusal_page(ex, problem_of(r.what));
    const auto& asked = ex.asked();
    std::string form = "<form method=\"post\" action=\"";
    append_attribute(form, asked.target);
    form += "\">";
    append_ticket(form, make_ticket(asked.cookie(session_cookie), *r.value, false));
    form += "<div class=\"actions\"><button>Continue</button></div></form>";
    send_card(ex, {200, "Continue?", {}}, form);
}

}  // namespace

void show_link(exchange& ex, const route& where) {
    const auto& asked = ex.asked();
    if (!is_token(asked.cookie(session_cookie))) return send_needs_cookie(ex);
    ex.site().live->open(where.conversation, asked.owner, ex.home(), later(ex, &opened_by_link));
}

}  // namespace stube::http
