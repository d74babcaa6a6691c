#include "clock.hpp"

#include <chrono>

namespace gallery {

using namespace stube;
using namespace stube::html;
using namespace std::chrono;

effects clock::tick(context& around) {
    now = around.now();
    // Not `after(1s)`: a timer may fire a little late, and the delays must not add up.
    return after<&clock::tick>(1s - now.time_since_epoch() % 1s);
}

effects clock::pause() {
    is_paused = true;
    return cancel<&clock::tick>();
}

effects clock::go_on(context& around) {
    if (!is_paused) return {};  // a double click must not start two timers
    is_paused = false;
    return tick(around);
}

std::string clock::time_of_day() const {
    const hh_mm_ss time(floor<seconds>(now) - floor<days>(now));
    const auto two_digits = [](auto n) {
        return (n.count() < 10 ? "0" : "") + std::to_string(n.count());
    };
    return two_digits(time.hours()) + ":" + two_digits(time.minutes()) + ":" +
           two_digits(time.seconds());
}

markup clock::render() const {
    return section(
        class_("card counter"),
        h1("Clock"),
        p(output(role("timer"), attr("aria-label", "Time of day"), time_of_day())),
        p(class_("muted"), "The server's time, UTC"),
        div(class_("actions"),
            is_paused ? button(on<"click", &clock::go_on>, "Go on")
                      : button(class_("secondary"), on<"click", &clock::pause>, "Pause"))
    );
}

}  // namespace gallery
