#include "calendar.hpp"

#include <array>
#include <string>

namespace gallery {

using namespace stube;
using namespace stube::html;
using namespace std::chrono;

namespace {

constexpr std::array<const char*, 7>
    weekdays{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<const char*, 12> months{
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"
};

/// 0 for Monday.
int column_of(year_month_day day) {
    return static_cast<int>(weekday(sys_days(day)).iso_encoding()) - 1;
}

int number_of(day which) {
    return static_cast<int>(static_cast<unsigned>(which));
}

/// "December 2026"
std::string month_text(year_month_day of) {
    return months.at(static_cast<unsigned>(of.month()) - 1) +
           (" " + std::to_string(int(of.year())));
}

/// "Friday 4 December 2026"
std::string day_text(year_month_day of) {
    const auto number = std::to_string(number_of(of.day()));
    return weekdays.at(static_cast<std::size_t>(column_of(of))) + (" " + number + " ") +
           month_text(of);
}

markup weekday_heading(std::string_view name) {
    return th(scope("col"), abbr(title(name), name.substr(0, 2)));
}

year_month_day in_month(year_month_day first, int day_number) {
    return first.year() / first.month() / day_number;
}

markup day_cell(const calendar& in, int number) {
    const auto date = in_month(in.first, number);
    if (!date.ok() || number < 1) return td();
    return td(button(
        class_("secondary"),
        on<"click", &calendar::choose>(number),
        attr("aria-label", day_text(date)),
        attr("aria-pressed", date == in.chosen ? "true" : "false"),
        when(date == in.today, attr("aria-current", "date")),
        number
    ));
}

markup weeks(const calendar& in) {
    const int last = number_of((in.first.year() / in.first.month() / std::chrono::last).day());
    markup out;
    for (int monday = 1 - column_of(in.first); monday <= last; monday += 7) {
        markup week;
        for (int number = monday; number < monday + 7; ++number)
            week += day_cell(in, number);
        out += tr(week);
    }
    return out;
}

}  // namespace

void calendar::start(context& around) {
    today = date(floor<days>(around.now()));
    const auto shown = chosen.ok() ? chosen : today;
    first = shown.year() / shown.month() / 1;
}

void calendar::previous() {
    first -= std::chrono::months(1);
}

void calendar::next() {
    first += std::chrono::months(1);
}

answers<calendar::answer_type> calendar::choose(int day) {
    const auto wanted = in_month(first, day);
    if (day < 1 || !wanted.ok()) return {};
    return answer(std::optional(wanted));
}

answers<calendar::answer_type> calendar::cancel() {
    return answer(std::nullopt);
}

markup calendar::render() const {
    auto turn = [](const auto& event, std::string_view name, std::string_view symbol) {
        return button(class_("secondary"), event, attr("aria-label", name), symbol);
    };
    return section(
        class_("card"),
        header(
            turn(on<"click", &calendar::previous>, "Previous month", "←"),
            h1(attr("aria-live", "polite"), month_text(first)),
            turn(on<"click", &calendar::next>, "Next month", "→")
        ),
        table(thead(tr(each(weekdays, weekday_heading))), tbody(weeks(*this))),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &calendar::cancel>, "Cancel"))
    );
}

effects appointment::change() {
    return call<calendar>(day).then<&appointment::changed>();
}

void appointment::changed(std::optional<calendar::date> to) {
    if (to) day = *to;
}

markup appointment::render() const {
    return section(
        class_("card"),
        h1("Your appointment"),
        p(day.ok() ? day_text(day) : "No day is chosen."),
        div(class_("actions"), button(on<"click", &appointment::change>, "Choose a day"))
    );
}

}  // namespace gallery
