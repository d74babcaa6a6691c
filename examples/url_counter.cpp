#include "url_counter.hpp"

#include <limits>
#include <string>

namespace gallery {

using namespace stube;
using namespace stube::html;

// People mistype addresses, so anything that is not a number counts as 0.
url_counter url_counter::from(const request_info& request) {
    const auto number = text_codec<int>::parse(request.query("n").value_or("0"));
    return {.n = number.value_or(0)};
}

// `n` comes from the address, so it may already be the largest or the smallest int.
void url_counter::inc() {
    if (n < std::numeric_limits<int>::max()) ++n;
}

void url_counter::dec() {
    if (n > std::numeric_limits<int>::min()) --n;
}

page_url url_counter::url() const {
    return pushed("/url-counter?n=" + std::to_string(n));
}

markup url_counter::render() const {
    return section(
        class_("card counter"),
        h1("Counter in the address"),
        p(class_("muted"), "Look at the address as you count. Then go back."),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &url_counter::dec>, "−"),
            output(n),
            button(on<"click", &url_counter::inc>, "+"))
    );
}

}  // namespace gallery
