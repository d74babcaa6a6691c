#include "inbox.hpp"

#include "../protected_counter.hpp"

#include <stube/runtime/conversation_history.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace claims {

using namespace stube;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

/// The index has the commit by then.
constexpr auto index_delay = 300ms;

auto ordered(live::component_query<claim> query, inbox_order by) {
    using order = live::sort_direction;
    switch (by) {
    case inbox_order::longest_waiting:
        return query.order_by(live::column::since, order::ascending);
    case inbox_order::newest:
        return query.order_by(live::column::since, order::descending);
    case inbox_order::highest_amount:
        return query.order_by<&claim::amount>(order::descending);
    }
    return query;
}

waiting_claim line_of(const live::found_conversation& found) {
    return {
        found.id,
        found.value<&claim::number>().value_or(""),
        found.principal,
        found.value<&claim::purpose>().value_or(""),
        found.value<&claim::amount>().value_or(0),
        found.since
    };
}

std::string waiting_time(time_point since, time_point now) {
    const auto passed = std::max(now - since, 0ms);
    const auto hours = std::chrono::floor<std::chrono::hours>(passed).count();
    if (hours >= 48) return std::to_string(hours / 24) + " days";
    if (hours >= 2) return std::to_string(hours) + " hours";
    return std::to_string(std::chrono::floor<std::chrono::minutes>(passed).count()) + " min";
}

markup row(const waiting_claim& of, time_point now) {
    return tr(
        td(a(href("/claim?c=" + of.conversation), of.number)),
        td(of.claimant),
        td(of.purpose),
        td(class_("number"), "€ ", of.amount),
        td(waiting_time(of.since, now)),
        td(
            a(href("/audit/" + of.conversation),
              "History",
              span(class_("visually-hidden"), " of ", of.number))
        )
    );
}

markup order_button(inbox_order by, std::string_view text, inbox_order current) {
    return button(
        class_("secondary"),
        attr("aria-pressed", by == current ? "true" : "false"),
        on<"click", &inbox::sort>(by),
        text
    );
}

std::string count_text(std::size_t count) {
    if (count == 1) return "1 claim waits for you.";
    return std::to_string(count) + (count >= 1'000 ? " or more" : "") + " claims wait for you.";
}

markup table_of(const inbox& shown, time_point now) {
    return table(
        thead(
            tr(th(scope("col"), "Claim"),
               th(scope("col"), "Claimant"),
               th(scope("col"), "Purpose"),
               th(scope("col"), class_("number"), "Amount"),
               th(scope("col"), "Waiting"),
               th(scope("col"), "History"))
        ),
        tbody(each(shown.lines, [&](const waiting_claim& line) { return row(line, now); }))
    );
}

}  // namespace

effects inbox::start(context& around) {
    load(around);
    return subscribe<&inbox::changed>(std::string(changes)) + changed();
}

void inbox::search(context& around) {
    page = 0;
    load(around);
}

void inbox::sort(context& around, inbox_order by) {
    order = by;
    page = 0;
    load(around);
}

void inbox::turn(context& around, std::size_t to) {
    page = std::min(to, std::size_t{49});
    load(around);
}

effects inbox::changed() {
    return cancel<&inbox::refresh>() + after<&inbox::refresh>(index_delay);
}

void inbox::load(context& around) {
    is_archived = live::has_history(around);
    if (!is_archived) return;
    auto query = live::conversations_with<claim>()
                     .waits_for_user(around.principal())
                     .limit(lines_per_page)
                     .offset(page * lines_per_page)
                     .with_count();
    if (words.valid() && !words.value().empty())
        query.where<&claim::purpose>(live::comparison::contains, words.value());
    const auto found = live::history_of(around).find(ordered(std::move(query), order));
    lines.clear();
    for (const auto& each : found.found)
        lines.push_back(line_of(each));
    count = found.count.value_or(lines.size());
    has_more = found.has_more;
}

markup inbox::render(const context& around) const {
    if (!is_archived)
        return section(
            class_("card"),
            h1("Inbox"),
            p("This gallery keeps no archive. Start it with --store sqlite:PATH --archive."),
            gallery::sign_out_button()
        );
    constexpr std::array<std::pair<inbox_order, std::string_view>, 3> orders{
        {{inbox_order::longest_waiting, "Longest waiting"},
         {inbox_order::newest, "Newest"},
         {inbox_order::highest_amount, "Highest amount"}}
    };
    return section(
        class_("card"),
        h1("Inbox of ", around.owner().name),
        form(
            on<"submit", &inbox::search>,
            ui::input_for<&inbox::words>(*this, "Purpose contains"),
            div(class_("actions"), button("Search"))
        ),
        div(class_("actions"),
            each(
                orders,
                [&](const auto& each) { return order_button(each.first, each.second, order); }
            )),
        p(class_("muted"), role("status"), count_text(count)),
        when(!lines.empty(), table_of(*this, around.now())),
        nav(attr("aria-label", "Pages"),
            class_("actions"),
            when(
                page > 0,
                button(class_("secondary"), on<"click", &inbox::turn>(page - 1), "Previous")
            ),
            when(has_more, button(class_("secondary"), on<"click", &inbox::turn>(page + 1), "Next"))
        ),
        gallery::sign_out_button()
    );
}

}  // namespace claims
