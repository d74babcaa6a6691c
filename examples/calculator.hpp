#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// A calculator for four operations, by mouse and by keyboard.
struct calculator {
    static constexpr std::string_view component = "gallery/calculator";
    static constexpr std::string_view styles = R"(
        & { max-width: 24rem; margin-inline: auto; }
        & output { display: block; margin-bottom: 1rem; padding: .75rem 1rem;
            border: 1px solid var(--line); border-radius: var(--round); text-align: end;
            font-size: 2rem; overflow-wrap: anywhere; }
        & .pad { display: grid; grid-template-columns: repeat(4, 1fr); gap: .5rem; }
        & .pad > button { min-height: 3.5rem; padding: 0; font-size: 1.25rem; }
        & .wide { grid-column: span 2; }
        & .muted { margin-top: 1rem; font-size: .9375rem; }
    )";

    std::string shown = "0";
    double left = 0;        ///< left operand of `operation`
    std::string operation;  ///< "+", "-", "*", "/", or empty
    bool is_done = true;    ///< the next digit starts a new number

    void digit(int which);
    void point();
    void operate(const std::string& with);
    void equals();
    void take_back();

    void clear() { *this = {}; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    calculator,
    (),
    (shown, left, operation, is_done, digit, point, operate, equals, take_back, clear)
)

}  // namespace gallery
