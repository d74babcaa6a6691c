#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// A clock that a timer moves. The timer is part of the conversation, so it survives a restart.
struct clock {
    static constexpr std::string_view component = "gallery/clock";
    static constexpr std::string_view styles =
        "& output { font-size: clamp(2.5rem, 12vw, 4.5rem); }";

    stube::time_point now;
    bool is_paused = false;

    stube::effects start(stube::context& around) { return tick(around); }

    stube::effects tick(stube::context& around);

    stube::effects pause();

    stube::effects go_on(stube::context& around);

    std::string time_of_day() const;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(clock, (), (now, is_paused, start, tick, pause, go_on))

}  // namespace gallery
