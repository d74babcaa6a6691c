#pragma once

#include <stube/stube.hpp>

#include <optional>
#include <string>
#include <vector>

/// A small rule session. The application writes its conversation to a file, and a visitor can
/// continue from the file. The file is kept for a day.
namespace gallery {

struct temperature {
    std::string place;
    int celsius = 0;
};
BOOST_DESCRIBE_STRUCT(temperature, (), (place, celsius))

struct wind {
    std::string place;
    int speed = 0;  ///< km/h
};
BOOST_DESCRIBE_STRUCT(wind, (), (place, speed))

struct cold_and_windy {
    std::string place;
    int celsius = 0;
    int speed = 0;

    friend bool operator==(const cold_and_windy&, const cold_and_windy&) = default;
};
BOOST_DESCRIBE_STRUCT(cold_and_windy, (), (place, celsius, speed))

/// Facts in, rules fired, query out. The matches that have fired are state, so they do not fire
/// again in a restored session.
struct rule_session {
    std::vector<temperature> temperatures;
    std::vector<wind> winds;
    std::vector<cold_and_windy> found;  ///< the query: places below 5 °C with more than 30 km/h

    /// Returns how many rules fired in this call.
    int fire();
};
BOOST_DESCRIBE_STRUCT(rule_session, (), (temperatures, winds, found))

struct weather {
    static constexpr std::string_view component = "gallery/weather";

    rule_session rules;
    stube::field<std::string> place;
    stube::field<std::optional<int>> celsius;
    stube::field<std::optional<int>> speed;
    int fired = 0;
    std::string file;  ///< name of the snapshot; empty until there is one

    void report();
    void keep(stube::context& around);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(weather, (), (rules, place, celsius, speed, fired, file, report, keep))

/// Adds "/weather", and "/weather-kept", which continues from a file.
void add_weather(stube::app& site, stube::page_options options);

}  // namespace gallery
