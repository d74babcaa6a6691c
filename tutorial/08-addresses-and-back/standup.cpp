#include "standup.hpp"

#include "onboarding.hpp"

#include <chrono>
#include <functional>
#include <vector>

namespace standup {

using namespace stube::html;

namespace {

std::string details(const plan& of) {
    std::string out = of.owner;
    if (of.size == item_size::an_hour) out += ", an hour";
    if (of.size == item_size::longer) out += ", longer than a day";
    if (of.due) out += ", until " + text_codec<std::chrono::year_month_day>::print(*of.due);
    return out;
}

const std::string board_topic = "standup/board";

std::vector<std::string> names(const context& around) {
    std::vector<std::string> out;
    for (const person& each : around.app<team>().people())
        out.push_back(each.name);
    return out;
}

std::string topic_of(int number) {
    return "standup/item/" + std::to_string(number);
}

/// Changes the team's item, and publishes that it has changed.
effects change(context& around, int number, const std::function<void(item&)>& how) {
    around.app<team>().change(number, how);
    return publish(topic_of(number), number) + publish(board_topic, number);
}

/// Writes only what this user has changed, so that the changes of others are kept.
void write_changes(plan& now, const plan& before, const plan& after) {
    if (after.text != before.text) now.text = after.text;
    if (after.owner != before.owner) now.owner = after.owner;
    if (after.size != before.size) now.size = after.size;
    if (after.due != before.due) now.due = after.due;
}

bool is_shown(const item& it, filter by, std::string_view user) {
    if (by == filter::mine) return it.what.owner == user;
    if (by == filter::blocked) return it.state == item_state::blocked;
    return true;
}

}  // namespace

answers<plan_form::answer_type> plan_form::save(context& around) {
    const auto today = std::chrono::floor<std::chrono::days>(around.now());
    auto is_short = [](const std::string& entered) { return entered.size() <= 80; };
    auto is_ahead = [&](const auto& day) { return !day || std::chrono::sys_days(*day) >= today; };

    text.require("Say what is to be done");
    text.check(is_short, "Say it shorter");
    owner.require("Choose who does it");
    owner.one_of(names(around));
    due.check(is_ahead, "Choose a day that is still to come");
    if (has_errors(*this)) return {};
    return answer(plan{text.value(), owner.value(), size.value(), due.value()});
}

answers<plan_form::answer_type> plan_form::cancel() {
    return answer(std::nullopt);
}

markup plan_form::render(const context& around) const {
    const auto people = names(around);
    const ui::choices offered(people.begin(), people.end());
    auto form = html::form(
        on<"submit", &plan_form::save>,
        novalidate(),
        ui::error_summary(*this),
        ui::input_for<&plan_form::text>(*this, "What", autofocus()),
        ui::select_for<&plan_form::owner>(*this, "Who", offered),
        ui::radio_for<&plan_form::size>(*this, "It takes"),
        ui::input_for<&plan_form::due>(*this, "Until (if it matters)"),
        div(class_("actions"),
            button("Save"),
            button(type("button"), class_("secondary"), on<"click", &plan_form::cancel>, "Cancel"))
    );
    return in_list ? li(form) : section(class_("card"), h1("New item"), form);
}

effects row::start(context& around) {
    refresh(around);
    return subscribe<&row::refresh>(topic_of(number));
}

void row::wakeup(context& around) {
    refresh(around);
}

void row::refresh(context& around) {
    if (auto now = around.app<team>().find(number)) shown = *now;
}

effects row::finish(context& around) {
    return change(around, number, [](item& it) { it.state = item_state::done; });
}

effects row::take(context& around) {
    return change(around, number, [&](item& it) { it.what.owner = around.principal().name; });
}

effects row::edit() {
    before = shown.what;
    return call<plan_form>(true, before.text, before.owner, before.size, before.due)
        .then<&row::edited>();
}

effects row::edited(context& around, const std::optional<plan>& to) {
    if (!to) return {};
    return change(around, number, [&](item& it) { write_changes(it.what, before, *to); });
}

effects row::block() {
    return call<ui::prompt>("What is in the way?", shown.blocker, "OK", "Cancel", "Say what it is")
        .then<&row::blocked>()
        .on_page();
}

effects row::blocked(context& around, const std::optional<std::string>& reason) {
    if (!reason) return {};
    return change(around, number, [&](item& it) {
        it.state = item_state::blocked;
        it.blocker = *reason;
    });
}

effects row::remove() {
    return call<ui::confirm>("Delete \"" + shown.what.text + "\"?", "Delete", "Keep")
        .then<&row::removed>()
        .on_page();
}

effects row::removed(context& around, bool yes) {
    if (!yes) return {};
    around.app<team>().remove(number);
    return publish(board_topic, number);
}

markup row::render(const context& around) const {
    const bool is_mine = shown.what.owner == around.principal().name;
    auto named = [this](const char* what) {
        return attr("aria-label", what + (" " + shown.what.text));
    };
    return li(
        p(strong(shown.what.text),
          when(shown.state == item_state::done, " (done)"),
          when(shown.state == item_state::blocked, " (blocked: " + shown.blocker + ")")),
        p(class_("muted"), details(shown.what)),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &row::finish>, named("Done"), "Done"),
            when(
                !is_mine,
                button(class_("secondary"), on<"click", &row::take>, named("Take"), "Take")
            ),
            button(class_("secondary"), on<"click", &row::edit>, named("Edit"), "Edit"),
            button(class_("secondary"), on<"click", &row::block>, named("Blocked"), "Blocked"),
            button(class_("secondary"), on<"click", &row::remove>, named("Delete"), "Delete"))
    );
}

effects board::start(context& around) {
    refresh(around);
    return subscribe<&board::refresh>(board_topic);
}

void board::wakeup(context& around) {
    refresh(around);
}

void board::refresh(context& around) {
    people = around.app<team>().people();
    auto items = around.app<team>().items();
    std::erase_if(items, [&](const item& each) {
        return !is_shown(each, shown, around.principal().name);
    });
    rows.assign(items, &item::number, [](const item& each) { return row{.number = each.number}; });
}

board board::from(const request_info& request) {
    const auto wanted = request.query("show").value_or("");
    board out;
    out.shown = text_codec<filter>::parse(wanted).value_or(filter::all);
    return out;
}

page_url board::url() const {
    return pushed("/?show=" + text_codec<filter>::print(shown));
}

void board::show(context& around, filter which) {
    shown = which;
    refresh(around);
}

effects board::add(context& around) {
    next = around.app<team>().next_number();
    return call<plan_form>(false, "", around.principal().name).then<&board::added>();
}

effects board::added(context& around, const std::optional<plan>& what) {
    if (!what) return {};
    around.app<team>().add({.number = next, .what = *what});
    return no_way_back() + publish(board_topic, next);
}

effects board::welcome() {
    return call<onboarding>().then<&board::joined>();
}

effects board::joined(context& around, const person& who) {
    around.app<team>().join(who);
    return no_way_back() + publish(board_topic, 0);
}

markup board::render(const context& around) const {
    auto choice = [this](const ui::choice& offered) {
        const auto which = *text_codec<filter>::parse(offered.value);
        return button(
            class_("secondary"),
            attr("aria-pressed", which == shown ? "true" : "false"),
            on<"click", &board::show>(which),
            offered.label
        );
    };
    auto one = [](const person& p) { return li(p.name, ", ", p.role); };
    return section(
        class_("card"),
        h1("Stand-up"),
        form(
            class_("actions"),
            attr("method", "post"),
            action("logout"),
            span("You are ", strong(around.principal().name), "."),
            button(class_("secondary"), "Sign out")
        ),
        div(class_("actions"), each(ui::choices_of<filter>(), choice)),
        when(rows.empty(), p(class_("muted"), "Nothing to show here.")),
        ul(class_("choices"), rows),
        div(class_("actions"), button(on<"click", &board::add>, "New item")),
        h2("The team"),
        ul(each(people, one)),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &board::welcome>, "New person"))
    );
}

}  // namespace standup
