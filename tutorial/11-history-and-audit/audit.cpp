#include "audit.hpp"

#include "login.hpp"

#include <chrono>

namespace expenses {

using namespace stube::html;

namespace {

/// The minute in UTC, such as "2026-01-31T12:00".
std::string minute_of(time_point at) {
    using minute = std::chrono::local_time<std::chrono::minutes>;
    return text_codec<minute>::print(
        minute(std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()))
    );
}

/// Such as "amount: 1200".
markup entry(const live::audit_field& of) {
    return div(of.name, ": ", of.value.value_or("(secret)"));
}

markup row(const live::audit_event& of) {
    return tr(
        td(minute_of(of.time)),
        td(of.principal),
        td(of.kind, " ", of.member, when(!of.is_on_current_branch, " (taken back)")),
        td(each(of.fields, entry)),
        td(button(class_("secondary"), on<"click", &audit::show>(of.head), "Page ", of.head))
    );
}

}  // namespace

audit audit::from(const request_info& request) {
    audit out;
    out.of = request.parameter("claim").value_or("");
    return out;
}

void audit::start(context& around) {
    const auto history = live::history_of(around);
    of = history.find_alias(of).value_or(of);
    auto found = history.history_view(of);
    events = std::move(found.events);
    branches = std::move(found.branches);
}

void audit::show(context& around, std::uint64_t head) {
    const auto history = live::history_of(around);
    const auto records = history.message_records(
        of,
        {.include_content = true, .range = {.before = head + 1, .count = 1}}
    );
    for (const auto& each : records)
        if (each.direction == live::direction::shown) shown = each.content.value_or("");
}

markup audit::render() const {
    return section(
        h1("History"),
        p(role("status"), "Events: ", events.size(), ", branches: ", branches.size()),
        table(
            thead(tr(th("When (UTC)"), th("Who"), th("What"), th("Entered"), th("Shown"))),
            tbody(each(events, row))
        ),
        when(!shown.empty(), pre(shown)),
        sign_out_button()
    );
}

}  // namespace expenses
