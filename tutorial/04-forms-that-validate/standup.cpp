#include "standup.hpp"

#include <chrono>

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

}  // namespace

const std::vector<std::string>& people() {
    static const std::vector<std::string> all{"Ada", "Edsger", "Grace"};
    return all;
}

answers<plan_form::answer_type> plan_form::save(context& around) {
    const auto today = std::chrono::floor<std::chrono::days>(around.now());
    auto is_short = [](const std::string& entered) { return entered.size() <= 80; };
    auto is_ahead = [&](const auto& day) { return !day || std::chrono::sys_days(*day) >= today; };

    text.require("Say what is to be done");
    text.check(is_short, "Say it shorter");
    owner.require("Choose who does it");
    owner.one_of(people());
    due.check(is_ahead, "Choose a day that is still to come");
    if (has_errors(*this)) return {};
    return answer(plan{text.value(), owner.value(), size.value(), due.value()});
}

answers<plan_form::answer_type> plan_form::cancel() {
    return answer(std::nullopt);
}

markup plan_form::render() const {
    const ui::choices offered(people().begin(), people().end());
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

void row::finish() {
    shown.state = item_state::done;
}

effects row::edit() {
    const plan& now = shown.what;
    return call<plan_form>(true, now.text, now.owner, now.size, now.due).then<&row::edited>();
}

void row::edited(const std::optional<plan>& to) {
    if (to) shown.what = *to;
}

effects row::block() {
    return call<ui::prompt>("What is in the way?", shown.blocker, "OK", "Cancel", "Say what it is")
        .then<&row::blocked>()
        .on_page();
}

void row::blocked(const std::optional<std::string>& reason) {
    if (!reason) return;
    shown.state = item_state::blocked;
    shown.blocker = *reason;
}

effects row::remove() {
    return call<ui::confirm>("Delete \"" + shown.what.text + "\"?", "Delete", "Keep")
        .then<&row::removed>()
        .on_page();
}

effects row::removed(bool yes) {
    if (!yes) return {};
    return send_up<&board::take_out>(shown.number);
}

markup row::render() const {
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
            button(class_("secondary"), on<"click", &row::edit>, named("Edit"), "Edit"),
            button(class_("secondary"), on<"click", &row::block>, named("Blocked"), "Blocked"),
            button(class_("secondary"), on<"click", &row::remove>, named("Delete"), "Delete"))
    );
}

effects board::add() {
    return call<plan_form>().then<&board::added>();
}

void board::added(const std::optional<plan>& what) {
    if (!what) return;
    const int number = ++last_number;
    rows.push_back(number, row{{.number = number, .what = *what}});
}

void board::take_out(int number) {
    rows.erase(number);
}

markup board::render() const {
    return section(
        class_("card"),
        h1("Stand-up"),
        when(rows.empty(), p(class_("muted"), "Nothing to do yet.")),
        ul(class_("choices"), rows),
        div(class_("actions"), button(on<"click", &board::add>, "New item"))
    );
}

}  // namespace standup
