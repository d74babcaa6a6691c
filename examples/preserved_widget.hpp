#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// A drawing that belongs to the browser, inside a component that belongs to the server. Patches of
/// the component leave the drawing alone. The browser sends each stroke to the server as an event.
struct preserved_widget {
    static constexpr std::string_view component = "gallery/preserved_widget";
    static constexpr std::string_view styles = R"(
        & .sheet {
            height: 14rem; margin: 1rem 0; border: 1px dashed var(--edge);
            border-radius: var(--round); touch-action: none;
        }
        & .sheet > canvas { width: 100%; height: 100%; cursor: crosshair; }
    )";

    std::string color = "teal";
    int strokes = 0;
    int points = 0;
    int visitors = 0;

    void drawn(int stroke_points);

    void dip(std::string into);

    void count() { ++visitors; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(preserved_widget, (), (color, strokes, points, visitors, drawn, dip, count))

}  // namespace gallery
