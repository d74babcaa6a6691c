#include "counter.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

markup counter::render() const {
    return section(
        class_("card counter"),
        h1("Counter"),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &counter::dec>, "−"),
            output(n),
            button(on<"click", &counter::inc>, "+"))
    );
}

}  // namespace gallery
