#include "audit.hpp"

#include "../protected_counter.hpp"

#include <stube/runtime/conversation_history.hpp>

namespace claims {

using namespace stube;
using namespace stube::html;

namespace {

std::string action_of(const live::audit_event& of) {
    if (of.kind == "event") return of.component + " " + of.member;
    if (of.kind == "visit") return "opened " + of.component;
    return of.kind;
}

std::string entered_in(const live::audit_event& of) {
    std::string out = of.arguments == "[]" ? "" : of.arguments;
    for (const auto& each : of.fields) {
        if (each.value && each.value->empty()) continue;
        if (!out.empty()) out += ", ";
        out += each.name + " = " + each.value.value_or("(secret)");
    }
    return out;
}

audit_line line_of(const live::audit_event& from) {
    return {
        from.time,
        from.head,
        from.principal,
        action_of(from),
        entered_in(from),
        !from.is_on_current_branch
    };
}

std::string time_text(time_point at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
    const auto digits = [](auto number) {
        const auto text = std::to_string(number);
        return text.size() < 2 ? "0" + text : text;
    };
    return std::to_string(int(date.year())) + "-" + digits(unsigned(date.month())) + "-" +
           digits(unsigned(date.day())) + " " + digits(time.hours().count()) + ":" +
           digits(time.minutes().count()) + ":" + digits(time.seconds().count());
}

markup row(const audit_line& of) {
    return tr(
        td(of.head),
        td(time_text(of.at)),
        td(of.who),
        td(of.action, when(of.is_abandoned, span(class_("muted"), " (taken back)"))),
        td(of.entered)
    );
}

}  // namespace

audit audit::from(const request_info& request) {
    audit out;
    out.of = request.parameter("claim").value_or("");
    return out;
}

void audit::load(context& around) {
    lines.clear();
    if (!live::has_history(around)) return;
    const auto history = live::history_of(around);
    const auto id = of.starts_with('@') ? history.find_alias(of.substr(1)) : of;
    if (!id) return;
    const auto found = history.history_view(*id);
    number = found.aliases.empty() ? *id : found.aliases.front();
    for (const auto& each : found.events)
        lines.push_back(line_of(each));
}

markup audit::render() const {
    if (lines.empty())
        return section(
            class_("card"),
            h1("History"),
            p(of.empty() ? "Open the history of a claim from the inbox."
                         : "There is no such conversation, or you may not see its history."),
            gallery::sign_out_button("/")
        );
    return section(
        class_("card"),
        h1("History of ", number),
        table(
            thead(
                tr(th(scope("col"), "Head"),
                   th(scope("col"), "Time (UTC)"),
                   th(scope("col"), "Who"),
                   th(scope("col"), "What"),
                   th(scope("col"), "Entered"))
            ),
            tbody(each(lines, row))
        ),
        div(class_("actions"), button(on<"click", &audit::load>, "Refresh")),
        gallery::sign_out_button("/")
    );
}

}  // namespace claims
