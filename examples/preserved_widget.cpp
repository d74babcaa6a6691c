#include "preserved_widget.hpp"

#include <algorithm>
#include <array>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

constexpr std::array<std::string_view, 3> colors{"teal", "tomato", "slateblue"};

markup color_button(std::string_view name, std::string_view current) {
    const auto* pressed = name == current ? "true" : "false";
    return button(
        class_("secondary"),
        attr("aria-pressed", pressed),
        on<"click", &preserved_widget::dip>(std::string(name)),
        name
    );
}

}  // namespace

// A browser may send any number, even if sketch.js would not, so the number is checked.
void preserved_widget::drawn(int stroke_points) {
    ++strokes;
    points += std::clamp(stroke_points, 1, 100'000);
}

void preserved_widget::dip(std::string into) {
    if (std::ranges::find(colors, into) != colors.end()) color = std::move(into);
}

markup preserved_widget::render() const {
    return section(
        class_("card"),
        h1("Sketch"),
        p(role("status"), strokes, " strokes, ", points, " points"),
        div(class_("sheet"),
            behavior("gallery/sketch", {{"color", color}}).event<&preserved_widget::drawn>(),
            preserve()),
        div(role("group"),
            attr("aria-label", "Color"),
            class_("actions"),
            each(colors, [&](std::string_view name) { return color_button(name, color); })),
        div(class_("actions"),
            button(on<"click", &preserved_widget::count>, "Count a visitor"),
            output(visitors))
    );
}

}  // namespace gallery
