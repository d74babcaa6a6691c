#include "error_banner.hpp"

#include <stdexcept>

namespace gallery {

using namespace stube;
using namespace stube::html;

void error_banner::sell() {
    if (in_stock == 0) return;
    --in_stock;
    ++sold;
}

void error_banner::sell_with_a_bug() {
    --in_stock;
    throw std::runtime_error("the till is on fire");  // logged, but not shown to the user
}

markup error_banner::render() const {
    return section(
        class_("card"),
        h1("Tulip bulbs"),
        dl(class_("receipt"), dt("In stock"), dd(in_stock), dt("Sold"), dd(sold)),
        div(class_("actions"),
            button(on<"click", &error_banner::sell>, "Sell one"),
            button(
                class_("secondary"),
                on<"click", &error_banner::sell_with_a_bug>,
                "Sell one with a bug"
            ))
    );
}

}  // namespace gallery
