#include "inbox.hpp"

#include "login.hpp"

#include <stube/runtime/conversation_history.hpp>

#include <chrono>

namespace expenses {

using namespace stube::html;

namespace {

waiting_claim line_of(const live::found_conversation& found) {
    return {
        found.value<&claim::number>().value_or(""),
        found.principal,
        found.value<&claim::purpose>().value_or(""),
        found.value<&claim::amount>().value_or(0)
    };
}

std::int64_t sum_of_approved(const live::conversation_history& all) {
    const auto result = all.select(
        "SELECT coalesce(sum(amount.value), 0)"
        " FROM facts amount JOIN facts state USING (conversation, instance)"
        " WHERE amount.member = 'amount' AND amount.to_head IS NULL"
        " AND state.member = 'state' AND state.to_head IS NULL AND state.value = ?",
        {"approved"}
    );
    return std::get<std::int64_t>(result.rows.at(0).at(0).value());
}

markup row(const waiting_claim& of) {
    return tr(
        td(a(href("/?c=@" + of.number), of.number)),
        td(of.claimant),
        td(of.purpose),
        td("€ ", of.amount),
        td(a(href("/audit/" + of.number), "History"))
    );
}

}  // namespace

effects inbox::start(context& around) {
    load(around);
    return subscribe<&inbox::changed>(std::string(changes)) + changed();
}

void inbox::filter(context& around, bool large_only) {
    is_large_only = large_only;
    page = 0;
    load(around);
}

void inbox::sort(context& around, bool by_amount) {
    is_by_amount = by_amount;
    page = 0;
    load(around);
}

void inbox::turn(context& around, std::size_t to) {
    page = to;
    load(around);
}

effects inbox::changed() {
    return cancel<&inbox::load>() + after<&inbox::load>(std::chrono::milliseconds(500));
}

live::component_query<claim> inbox::query_for(const principal& user) const {
    auto query = live::conversations_with<claim>()
                     .where<&claim::state>(live::comparison::equal, progress::submitted)
                     .waits_for_user(user)
                     .limit(lines_per_page)
                     .offset(page * lines_per_page)
                     .with_count();
    if (is_large_only) query.where<&claim::amount>(live::comparison::greater, 1000);
    if (is_by_amount) return query.order_by<&claim::amount>(live::sort_direction::descending);
    return query.order_by(live::column::since);
}

void inbox::load(context& around) {
    const auto& user = around.principal();
    const auto found = live::history_of(around).find(query_for(user));
    lines.clear();
    for (const auto& each : found.found)
        lines.push_back(line_of(each));
    count = found.count.value_or(0);
    has_more = found.has_more;
    if (user.has_role("approver")) approved = sum_of_approved(live::whole_history_of(around));
}

markup inbox::render() const {
    return section(
        class_("card"),
        h1("Inbox"),
        p(role("status"), "Claims that wait for you: ", count, ". Approved so far: € ", approved),
        div(class_("actions"),
            button(
                class_("secondary"),
                on<"click", &inbox::filter>(!is_large_only),
                is_large_only ? "All amounts" : "Above € 1000"
            ),
            button(
                class_("secondary"),
                on<"click", &inbox::sort>(!is_by_amount),
                is_by_amount ? "Longest waiting first" : "Highest amount first"
            )),
        table(
            thead(tr(th("Claim"), th("Claimant"), th("Purpose"), th("Amount"), th("History"))),
            tbody(each(lines, row))
        ),
        div(class_("actions"),
            when(page > 0, button(on<"click", &inbox::turn>(page - 1), "Previous")),
            when(has_more, button(on<"click", &inbox::turn>(page + 1), "Next"))),
        sign_out_button()
    );
}

}  // namespace expenses
