#include "multi_counter.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

markup labelled(std::string_view name, const slot<counter>& number) {
    return div(role("group"), attr("aria-label", name), h2(name), number);
}

}  // namespace

markup multi_counter::render() const {
    return section(
        h1("Who is coming?"),
        div(class_("row"),
            labelled("Adults", adults),
            labelled("Children", children),
            labelled("Dogs", dogs)),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &multi_counter::reset>, "Start over"))
    );
}

}  // namespace gallery
