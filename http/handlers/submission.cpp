#include "http/handlers/submission.hpp"

#include "http/handlers/send.hpp"
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

/// The time during which an address without a conversation leads to the conversation that began
/// there.
constexpr auto bare_address_lifetime = std::chrono::hours(1);

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
void send_card(exchange& ex, const problem& problem, std::string_view more) {
    std::string content = "<section class=\"card\" role=\"alert\"><h1>";
    append_element_text(content, problem.title);
    content += "</h1>";
    if (!problem.text.empty()) {
        content += "<p>";
        append_element_text(content, problem.text);
        content += "</p>";
    }
    content.append(more).append("</section>");
    send_plain_page(ex, problem.status, content);
}

/// A form that submits the same fields to the same address again.
std::string retry_form(const request& request, std::string_view buttons) {
    std::string out = "<form method=\"post\" action=\"";
    append_attribute(out, request.target);
    out += "\">";
    append_fields(out, request.body);
    return out.append("<div class=\"actions\">").append(buttons).append("</div></form>");
}

void send_question(exchange& ex, std::string_view question) {
    const auto form = retry_form(
        ex.request(),
        "<button name=\"stube-agreed\" value=\"yes\">Yes</button>"
        "<button class=\"secondary\" name=\"stube-agreed\" value=\"no\">No</button>"
    );
    send_card(ex, {200, question, {}}, form);
}

void send_try_again(exchange& ex, const problem& problem) {
    const auto form = retry_form(ex.request(), "<button>Try again</button>");
    send_card(ex, problem, form);
}

/// Appends the submitted values, so that the user can copy them from a refusal.
void append_entered_values(std::string& out, exchange& ex) {
    std::vector<form_value> form;
    std::string arguments;
    if (!read_form(ex.request().body, ex.site().limits().max_fields, form, arguments)) return;
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

void send_refusal_page(exchange& ex, const problem& problem, std::string_view restart = {}) {
    std::string content;
    append_problem_view(content, problem, restart);
    append_entered_values(content, ex);
    send_plain_page(ex, problem.status, content);
}

/// The address of the page that contained the form, without its conversation.
std::string address_before(const request& request) {
    const auto from = request.header("referer");
    const auto at = from.find("://");
    if (at == from.npos) return {};
    auto path = from.substr(std::min(from.find('/', at + 3), from.size()));
    path = path.substr(0, path.find('?'));
    return is_local_address(path) ? std::string(path) : std::string();
}

void send_needs_cookie(exchange& ex) {
    send_refusal_page(ex, needs_cookie(), address_before(ex.request()));
}

/// The cookie for a page whose address does not contain its conversation. The browser's Back leads
/// to that address, and the cookie leads from there to this conversation and the step that the page
/// showed.
std::string bare_address_line(exchange& ex, const conversation& of) {
    const auto text = request_info(ex.request()).form(ticket_field).value_or("");
    const auto ticket = read_ticket(text);
    if (!ticket || !ticket->is_bare) return {};
    const auto* mount = ex.site().mount_at(of.mount);
    if (!mount) return {};
    std::string step = of.id + ".";
    append_number(step, ticket->step);
    auto name = bare_address_cookie(ex.site().base_path(), mount->pattern.text());
    return ex.site().cookie_line({std::move(name), std::move(step), bare_address_lifetime});
}

/// True if this submission was applied already, before the conversation ended: a double click.
bool was_applied(exchange& ex, const conversation& of) {
    return of.has_applied(submission_id(ex.request().target, ex.request().body));
}

void on_submitted(exchange& ex, live::reply&& reply) {
    ex.counts().events[static_cast<std::size_t>(reply.result)].add(1);
    switch (reply.result) {
    case live::status::ok:
    case live::status::repeated:
    case live::status::stale:
    case live::status::failed: {
        const auto address =
            page_address(ex.site().base_path(), *reply.value, std::to_string(reply.value->step));
        return send_redirect(ex, address, bare_address_line(ex, *reply.value));
    }
    case live::status::just_ended:
        if (!was_applied(ex, *reply.value))
            return send_refusal_page(ex, conversation_problem(reply.result));
        [[fallthrough]];
    case live::status::ended:
        return send_redirect(ex, page_address(ex.site().base_path(), *reply.value, last_step_word));
    case live::status::not_saved:
    case live::status::store_down:
    case live::status::overloaded:
        return send_try_again(ex, conversation_problem(reply.result));
    case live::status::lost:
        return send_refusal_page(ex, conversation_problem(reply.result), reply.mount);
    case live::status::gone:
    case live::status::foreign:
    case live::status::unusable:
    case live::status::other_release:
    case live::status::unknown_event:
    case live::status::bad_arguments:
    case live::status::forbidden:
        return send_refusal_page(ex, conversation_problem(reply.result));
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
std::string arguments_of(std::vector<form_value>& form, const route& route, std::string&& button) {
    std::string name(arguments_field);
    name.append("-").append(route.instance).append("-").append(route.member);
    auto of_form = take_field(form, name);
    return button.empty() && of_form ? *std::move(of_form) : std::move(button);
}

}  // namespace

void submit_event(exchange& ex, const route& route) {
    const auto& request = ex.request();
    if (!is_same_site(request)) return send_problem(ex, 403);
    if (!is_form(request.content_type)) return send_problem(ex, 415);
    kernel::event event;
    event.instance = parse_number(route.instance).value_or(0);
    if (event.instance == 0) return send_problem(ex, 404);
    std::string arguments;
    if (!read_form(request.body, ex.site().limits().max_fields, event.form, arguments))
        return send_problem(ex, 400);
    const auto text = take_field(event.form, ticket_field);
    const auto ticket = text ? read_ticket(*text) : std::nullopt;
    if (!ticket) return send_problem(ex, 400);
    const auto session = request.cookie(session_cookie);
    if (!is_token(session)) return send_needs_cookie(ex);
    if (!is_token_of(ticket->token, session, route.conversation))
        return send_refusal_page(ex, conversation_problem(live::status::foreign));
    const request_info info(request);
    const auto question = info.query("ask");
    const auto decision = take_field(event.form, decision_field);
    if (question && !decision) return send_question(ex, *question);

    event.arguments = arguments_of(event.form, route, std::move(arguments));
    if (event.arguments.empty()) event.arguments = info.query("args").value_or("");
    // An event without a member name only stores the submitted values.
    if (!question || decision == "yes") event.name = route.member;
    event.id = submission_id(request.target, request.body);
    event.page = kernel::submitted_page{ticket->step, ticket->revision};
    unify_lines(event.form);
    ex.site().live->send(
        route.conversation,
        visitor_of(request),
        std::move(event),
        ex.executor(),
        reply_callback(ex, &on_submitted)
    );
}

namespace {

void on_opened_by_link(exchange& ex, live::reply&& reply) {
    if (reply.result != live::status::ok || !reply.value)
        return send_refusal_page(ex, conversation_problem(reply.result));
    const auto& request = ex.request();
    std::string form = "<form method=\"post\" action=\"";
    append_attribute(form, request.target);
    form += "\">";
    append_ticket(form, make_ticket(request.cookie(session_cookie), *reply.value, false));
    form += "<div class=\"actions\"><button>Continue</button></div></form>";
    send_card(ex, {200, "Continue?", {}}, form);
}

}  // namespace

void show_link(exchange& ex, const route& route) {
    const auto& request = ex.request();
    if (!is_token(request.cookie(session_cookie))) return send_needs_cookie(ex);
    ex.site().live->open(
        route.conversation,
        visitor_of(request),
        ex.executor(),
        reply_callback(ex, &on_opened_by_link)
    );
}

}  // namespace stube::http
