#pragma once

#include <stube/stube.hpp>

#include <string>

/// Three questions, one after the other, with Back. The steps do not depend on each other, and Back
/// needs nothing but a button: each call is a step of the conversation's history, which also keeps
/// the typed values. The browser's own Back and Forward walk the same steps. A different choice
/// after Back replaces the steps that Forward would have led to.
namespace gallery {

enum class vehicle { train, boat, bicycle };
BOOST_DESCRIBE_ENUM(vehicle, train, boat, bicycle)

struct trip {
    std::string to;
    int days = 0;
    vehicle by = vehicle::train;
};
BOOST_DESCRIBE_STRUCT(trip, (), (to, days, by))

struct ask_place {
    static constexpr std::string_view component = "gallery/wizard/ask_place";
    using answer_type = std::string;

    stube::field<std::string> place;

    stube::answers<std::string> next();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(ask_place, (), (place, next))

struct ask_days {
    static constexpr std::string_view component = "gallery/wizard/ask_days";
    using answer_type = int;

    std::string place;
    stube::field<int> days;

    stube::answers<int> next();

    stube::effects go_back() { return stube::back(); }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(ask_days, (), (place, days, next, go_back))

struct ask_vehicle {
    static constexpr std::string_view component = "gallery/wizard/ask_vehicle";
    using answer_type = vehicle;

    stube::field<vehicle> by = vehicle::train;

    stube::answers<vehicle> next() { return stube::answer(by.value()); }

    stube::effects go_back() { return stube::back(); }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(ask_vehicle, (), (by, next, go_back))

struct show_trip {
    static constexpr std::string_view component = "gallery/wizard/show_trip";

    trip planned;

    stube::answers<> again() { return stube::answer(); }

    stube::effects go_back() { return stube::back(); }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(show_trip, (), (planned, again, go_back))

/// A task that calls the steps in order.
struct wizard {
    static constexpr std::string_view component = "gallery/wizard";

    trip planned;

    stube::effects start();
    stube::effects placed(std::string to);
    stube::effects timed(int days);
    stube::effects moved(vehicle by);
    stube::effects again();
};
BOOST_DESCRIBE_STRUCT(wizard, (), (planned, start, placed, timed, moved, again))

}  // namespace gallery
