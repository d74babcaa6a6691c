#include "shared_counter.hpp"

#include "everyone.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {
const std::string topic = "gallery/number";
}

effects shared_counter::start(context& around) {
    n = around.app<everyone>().number.value();
    return subscribe<&shared_counter::raised>(topic);
}

/// A restart loses the shared number. Each page restores it from its own state.
effects shared_counter::wakeup(context& around) {
    auto& number = around.app<everyone>().number;
    if (number.restore(n)) return publish(topic, n);
    n = number.value();
    return {};
}

effects shared_counter::raise(context& around) {
    n = around.app<everyone>().number.raise();
    return publish(topic, n);
}

markup shared_counter::render() const {
    return section(
        class_("card counter"),
        h1("Shared counter"),
        p(class_("muted"), "Everyone on this page sees the same number. Open it twice."),
        div(class_("actions"), output(n), button(on<"click", &shared_counter::raise>, "+"))
    );
}

}  // namespace gallery
