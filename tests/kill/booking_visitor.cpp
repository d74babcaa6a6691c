#include "booking_visitor.hpp"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace kill_test {

namespace {

using days = std::chrono::sys_days;

constexpr std::array<std::string_view, 5> titles{
    "When would you like to stay?",
    "Choose a room",
    "Your details",
    "Check your booking",
    "Your room is booked"
};

constexpr std::array<std::string_view, 3> rooms{"Garden Room", "Sea View", "Tower Suite"};

std::string_view title_of(step at) {
    return titles[static_cast<std::size_t>(at)];
}

std::string two_digits(unsigned number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

/// "2026-12-04"
std::string written(days day) {
    const std::chrono::year_month_day date(day);
    return std::to_string(static_cast<int>(date.year())) + "-" +
           two_digits(static_cast<unsigned>(date.month())) + "-" +
           two_digits(static_cast<unsigned>(date.day()));
}

/// "Fri 4 Dec 2026" for "2026-12-04"
std::string spoken(const std::string& date) {
    constexpr std::array names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array
        months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto number = [&](std::size_t at, std::size_t size) {
        return static_cast<unsigned>(std::stoul(date.substr(at, size)));
    };
    const auto month = number(5, 2);
    const auto day = number(8, 2);
    const auto in_all = days(
        std::chrono::year(static_cast<int>(number(0, 4))) / std::chrono::month(month) /
        std::chrono::day(day)
    );
    return std::string(names[std::chrono::weekday(in_all).c_encoding()]) + " " +
           std::to_string(day) + " " + months[month - 1] + " " + date.substr(0, 4);
}

std::string nights_text(int nights) {
    return std::to_string(nights) + (nights == 1 ? " night" : " nights");
}

/// The expected entries of the summary in their order, except the total, which is checked by its
/// end.
form summary_of(const said& what) {
    return {
        {"Room", what.room},
        {"Arrival", spoken(what.arrival)},
        {"Departure", spoken(what.departure)},
        {"Guest", what.name + what.email},
        {"Guests", what.guests + (what.breakfast.empty() ? "" : ", with breakfast")}
    };
}

std::string summary_difference(const page& shown, const said& what) {
    const auto expected = summary_of(what);
    if (shown.terms.size() != expected.size() + 1) return "not six entries";
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (shown.terms[i] == expected[i]) continue;
        return "not " + expected[i].first + ": \"" + expected[i].second + "\"";
    }
    const auto end = " for " + nights_text(what.nights);
    return shown.terms.back().second.ends_with(end) ? "" : "not" + end;
}

std::string fields_difference(const page& shown, const form& expected) {
    for (const auto& [name, value] : expected) {
        const auto found = shown.fields.find(name);
        if (found == shown.fields.end()) return "no field " + name;
        if (found->second != value) return "not " + name + "=\"" + value + "\"";
    }
    return "";
}

form details_of(const said& what) {
    return {
        {"name", what.name},
        {"email", what.email},
        {"guests", what.guests},
        {"breakfast", what.breakfast}
    };
}

}  // namespace

std::string difference(const page& shown, const booking_state& expected) {
    const auto& what = expected.what;
    if (shown.title != title_of(expected.at)) {
        return "not the step \"" + std::string(title_of(expected.at)) + "\"";
    }
    switch (expected.at) {
    case step::dates:
        return fields_difference(shown, {{"arrival", what.arrival}, {"departure", what.departure}});
    case step::room: {
        const auto stay = spoken(what.arrival) + " to " + spoken(what.departure) + ", " +
                          nights_text(what.nights);
        return shown.text.find(stay) == std::string::npos ? "not \"" + stay + "\"" : "";
    }
    case step::details:
        return fields_difference(shown, details_of(what));
    case step::check:
        return summary_difference(shown, what);
    case step::receipt:
        break;
    }
    const auto thanks = "Thank you, " + what.name + ".";
    if (shown.text.find(thanks) == std::string::npos) return "not \"" + thanks + "\"";
    return summary_difference(shown, what);
}

void booking_visitor::see(const page& shown) const {
    const auto wrong = difference(shown, state_);
    if (!wrong.empty()) throw violation("torn: " + wrong + ", but " + describe(shown));
}

void booking_visitor::resume(std::uint16_t port, extent) {
    browser_.meet(port);
    if (!conversation_.empty()) return compare();
    shown_ = mint("/booking");
    conversation_ = shown_.conversation;
    see(shown_);
}

void booking_visitor::compare() {
    shown_ = open("/booking", conversation_);
    if (!pending_) return see(shown_);

    const auto wrong_before = difference(shown_, state_);
    const auto wrong_after = difference(shown_, pending_->after);
    if (!wrong_before.empty() && !wrong_after.empty()) {
        throw violation(
            "torn: " + wrong_before + " as acknowledged, " + wrong_after +
            " as it was in flight, but " + describe(shown_)
        );
    }
    ++counts_.resent;
    if (!wrong_before.empty()) ++counts_.found_applied;
    settle(send(pending_->what));
    see(open("/booking", conversation_));
}

void booking_visitor::settle(const std::vector<page>& answers) {
    if (pending_->after.at != state_.at) left_ = pending_->what;
    last_ = pending_->what;
    state_ = pending_->after;
    pending_.reset();
    ++counts_.acknowledged;
    for (const auto& each : answers)
        see(each);
    shown_ = answers.back();
    if (state_.at == step::receipt) ++counts_.booked;
}

void booking_visitor::act() {
    if (habits_.repeats && last_ && chance(8)) {
        ++counts_.repeated;
        return send_again(*last_);
    }
    if (left_ && chance(8)) {
        ++counts_.stale;
        return send_again({new_event_id(), left_->address, left_->body});
    }
    plan_next();
    settle(send(pending_->what));
}

/// Sends an event that must change nothing.
void booking_visitor::send_again(const event& what) {
    for (const auto& each : send(what))
        see(each);
}

namespace {

/// "3" of ".../stube/event/<conversation>/3/next".
std::string instance_of(const control& chosen) {
    const auto& at = chosen.address;
    const auto end = at.rfind('/');
    const auto begin = at.rfind('/', end - 1) + 1;
    return at.substr(begin, end - begin);
}

}  // namespace

void booking_visitor::plan(const control& chosen, form fields, booking_state after) {
    for (auto& [name, value] : fields)
        name = "i" + instance_of(chosen) + "-" + name;
    fields.insert(fields.end(), chosen.values.begin(), chosen.values.end());
    pending_ = under_way{{new_event_id(), chosen.address, url_encoded(fields)}, std::move(after)};
}

void booking_visitor::plan_next() {
    auto after = state_;
    switch (state_.at) {
    case step::dates:
        return plan_dates(std::move(after));
    case step::room:
        return plan_room(std::move(after));
    case step::details:
        return plan_details(std::move(after));
    case step::check: {
        const bool is_sure = !chance(6);
        after.at = is_sure ? step::receipt : step::room;
        return plan(find_control(shown_, is_sure ? "confirm" : "back"), {}, std::move(after));
    }
    case step::receipt:
        return plan(find_control(shown_, "again"), {}, {});
    }
}

void booking_visitor::plan_dates(booking_state after) {
    const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    const auto arrival = today + std::chrono::days(10 + random_() % 300);
    after.what.nights = static_cast<int>(1 + random_() % 30);
    after.what.arrival = written(arrival);
    after.what.departure = written(arrival + std::chrono::days(after.what.nights));
    after.at = step::room;
    form fields{{"arrival", after.what.arrival}, {"departure", after.what.departure}};
    plan(find_control(shown_, "next"), std::move(fields), std::move(after));
}

void booking_visitor::plan_room(booking_state after) {
    if (chance(6)) {
        after.at = step::dates;
        return plan(find_control(shown_, "change_dates"), {}, std::move(after));
    }
    after.what.room = rooms[random_() % rooms.size()];
    after.at = step::details;
    const auto& chosen = find_control(shown_, "choose", after.what.room);
    plan(chosen, {}, std::move(after));
}

void booking_visitor::plan_details(booking_state after) {
    const auto number = std::to_string(habits_.seed % 1000) + "-" + std::to_string(++bookings_);
    const bool is_wrong = chance(5);
    after.what.name = "Guest " + number + " <Böll & \"Søn\"> 100%+1";
    after.what.email = is_wrong ? "guest" + number : "guest+" + number + "@example.org";
    after.what.guests = std::to_string(1 + random_() % 4);
    after.what.breakfast = chance(2) ? "on" : "";
    after.at = is_wrong ? step::details : step::check;
    auto fields = details_of(after.what);
    fields.back().second = "";  // the hidden input before the check box
    if (!after.what.breakfast.empty()) fields.emplace_back("breakfast", "on");
    plan(find_control(shown_, "next"), std::move(fields), std::move(after));
}

std::vector<std::string> booking_visitor::conversations() const {
    if (conversation_.empty()) return {};
    return {conversation_};
}

}  // namespace kill_test
