#include "wizard.hpp"

#include <array>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

markup progress_to(std::string_view current) {
    constexpr std::array<std::string_view, 4> names{"Where", "How long", "How", "Your trip"};
    return nav(
        attr("aria-label", "Progress"),
        ol(class_("steps"),
           each(
               names,
               [&](std::string_view name) {
                   return li(when(name == current, attr("aria-current", "step")), name);
               }
           ))
    );
}

template <auto Member>
markup back_button() {
    return button(type("button"), class_("secondary"), on<"click", Member>, "Back");
}

}  // namespace

effects wizard::start() {
    return call<ask_place>().then<&wizard::placed>();
}

effects wizard::placed(std::string to) {
    planned.to = std::move(to);
    return call<ask_days>(planned.to).then<&wizard::timed>();
}

effects wizard::timed(int days) {
    planned.days = days;
    return call<ask_vehicle>().then<&wizard::moved>();
}

effects wizard::moved(vehicle by) {
    planned.by = by;
    return call<show_trip>(planned).then<&wizard::again>();
}

effects wizard::again() {
    return become<wizard>();
}

answers<std::string> ask_place::next() {
    if (!place.require("Enter a place")) return {};
    return answer(place.value());
}

markup ask_place::render() const {
    return section(
        class_("card"),
        progress_to("Where"),
        h1("Where would you like to go?"),
        form(
            on<"submit", &ask_place::next>,
            novalidate(),
            ui::input_for<&ask_place::place>(*this, "Place", autocomplete("off")),
            div(class_("actions"), button("Next"))
        )
    );
}

answers<int> ask_days::next() {
    days.require("Enter a number of days");
    days.between(1, 90);
    if (has_errors(*this)) return {};
    return answer(days.value());
}

markup ask_days::render() const {
    return section(
        class_("card"),
        progress_to("How long"),
        h1("How long will you stay?"),
        form(
            on<"submit", &ask_days::next>,
            novalidate(),
            ui::input_for<&ask_days::days>(*this, "Days in " + place, inputmode("numeric")),
            div(class_("actions"), button("Next"), back_button<&ask_days::go_back>())
        )
    );
}

markup ask_vehicle::render() const {
    return section(
        class_("card"),
        progress_to("How"),
        h1("How will you travel?"),
        form(
            on<"submit", &ask_vehicle::next>,
            novalidate(),
            ui::radio_for<&ask_vehicle::by>(*this, "By"),
            div(class_("actions"), button("Next"), back_button<&ask_vehicle::go_back>())
        )
    );
}

markup show_trip::render() const {
    return section(
        class_("card"),
        progress_to("Your trip"),
        h1("To ", planned.to),
        p(planned.days,
          planned.days == 1 ? " day, by " : " days, by ",
          text_codec<vehicle>::print(planned.by),
          "."),
        div(class_("actions"),
            button(on<"click", &show_trip::again>, "Plan another trip"),
            back_button<&show_trip::go_back>())
    );
}

}  // namespace gallery
