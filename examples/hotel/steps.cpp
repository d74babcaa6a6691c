#include "steps.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace hotel {

using namespace stube;
using namespace stube::html;

namespace {

constexpr int max_nights = 30;
constexpr int max_guests = 4;

/// The steps as a list. Screen readers announce the current one.
markup progress_to(std::string_view current) {
    constexpr std::array<std::string_view, 4> names{"Dates", "Room", "Guests", "Confirm"};
    auto step = [&](std::string_view name) {
        return li(when(name == current, attr("aria-current", "step")), name);
    };
    return nav(attr("aria-label", "Progress"), ol(class_("steps"), each(names, step)));
}

template <class... Parts>
markup row(std::string_view term, const Parts&... parts) {
    return fragment(dt(term), dd(parts...));
}

markup summary(const booking& b) {
    const auto& [stay, choice, who] = b;
    return dl(
        class_("receipt"),
        row("Room", choice.name),
        row("Arrival", date_text(stay.arrival)),
        row("Departure", date_text(stay.departure)),
        row("Guest", who.name, br(), span(class_("muted"), who.email)),
        row("Guests", who.people, when(who.breakfast, ", with breakfast")),
        row("Total", strong(euros(b.total())), " for ", nights_text(stay.nights()))
    );
}

markup room_card(const room& r) {
    return li(
        div(strong(r.name), p(class_("muted"), r.view), p(euros(r.price), " a night")),
        button(on<"click", &pick_room::choose>(r.name), "Choose ", r.name)
    );
}

}  // namespace

call_request<pick_dates> ask_dates(const dates& known) {
    return call<pick_dates>(known.arrival, known.departure);
}

call_request<guest_details> ask_guest(const guest& known) {
    return call<guest_details>(known.name, known.email, known.people, known.breakfast);
}

answers<dates> pick_dates::next(context& around) {
    dates stay{arrival.value(), departure.value()};
    auto today = date(std::chrono::floor<std::chrono::days>(around.now()));
    if (stay.arrival < today) arrival.reject("Choose today or a later day");
    if (stay.nights() < 1) departure.reject("Leave after you arrive");
    if (stay.nights() > max_nights)
        departure.reject("We can offer at most " + nights_text(max_nights));
    if (has_errors(*this)) return {};
    return answer(stay);
}

markup pick_dates::render() const {
    return section(
        class_("card"),
        progress_to("Dates"),
        h1("When would you like to stay?"),
        form(
            on<"submit", &pick_dates::next>,
            novalidate(),
            ui::input_for<&pick_dates::arrival>(*this, "Arrival"),
            ui::input_for<&pick_dates::departure>(*this, "Departure"),
            div(class_("actions"), button(type("submit"), "Next"))
        )
    );
}

answers<std::optional<room>> pick_room::choose(const std::string& name) {
    auto found = std::ranges::find(rooms(), name, &room::name);
    if (found == rooms().end()) return {};
    return answer(*found);
}

answers<std::optional<room>> pick_room::change_dates() {
    return answer(std::nullopt);
}

markup pick_room::render() const {
    auto period = date_text(stay.arrival) + " to " + date_text(stay.departure);
    return section(
        class_("card"),
        progress_to("Room"),
        h1("Choose a room"),
        p(class_("muted"), period, ", ", nights_text(stay.nights())),
        ul(class_("choices"), each(rooms(), room_card)),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &pick_room::change_dates>, "Change dates"))
    );
}

answers<guest> guest_details::next() {
    constexpr auto ask_email = "Enter an email address, such as ada@example.com";
    auto looks_like_email = [](const std::string& text) {
        return text.find('@') != std::string::npos && text.size() > 2;
    };
    name.require("Enter your name");
    email.require(ask_email);
    email.check(looks_like_email, ask_email);
    guests.require();
    guests.between(1, max_guests, "A room has space for 1 to " + std::to_string(max_guests));
    if (has_errors(*this)) return {};
    return answer(guest{name.value(), email.value(), guests.value(), breakfast.value()});
}

markup guest_details::render() const {
    return section(
        class_("card"),
        progress_to("Guests"),
        h1("Your details"),
        form(
            on<"submit", &guest_details::next>,
            novalidate(),
            ui::input_for<&guest_details::name>(*this, "Name", autocomplete("name")),
            ui::input_for<
                &guest_details::email>(*this, "Email", type("email"), autocomplete("email")),
            ui::input_for<&guest_details::guests>(*this, "Guests", inputmode("numeric")),
            ui::check_box_for<&guest_details::breakfast>(*this, "Breakfast, €14 a person"),
            div(class_("actions"), button(type("submit"), "Continue"))
        )
    );
}

answers<bool> check_booking::confirm() {
    return answer(true);
}

answers<bool> check_booking::back() {
    return answer(false);
}

markup check_booking::render() const {
    return section(
        class_("card"),
        progress_to("Confirm"),
        h1("Check your booking"),
        summary(wanted),
        div(class_("actions"),
            button(on<"click", &check_booking::confirm>, "Confirm booking"),
            button(class_("secondary"), on<"click", &check_booking::back>, "Back to rooms"))
    );
}

/// Makes the reference once, from the conversation and the time, so that each booking gets its own.
void show_receipt::start(context& around) {
    constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    auto seed =
        std::hash<std::string_view>()(around.conversation_id()) ^
        static_cast<std::size_t>(around.now().time_since_epoch().count()) * 0x9E3779B97F4A7C15u;
    for (int digit = 0; digit < 8; ++digit, seed /= digits.size())
        reference += digits[seed % digits.size()];
}

answers<> show_receipt::again() {
    return answer();
}

markup show_receipt::render() const {
    return section(
        class_("card"),
        h1("Your room is booked"),
        p("Thank you, ",
          booked.who.name,
          ". Your reference is ",
          strong(class_("reference"), reference),
          "."),
        summary(booked),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &show_receipt::again>, "Book another room"))
    );
}

}  // namespace hotel
