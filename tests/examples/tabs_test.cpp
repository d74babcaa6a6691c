#include "examples/tabs.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::notepad;
using gallery::tabs;

TEST_CASE("a tab keeps its state while another tab is shown") {
    test_conversation t{tabs{}};
    t.click("+").click("+");
    CHECK(t.text().contains("2"));

    t.click("Notepad").fill<&notepad::text>("Milk").send<&notepad::typed>();
    t.click("Counter");
    CHECK(t.text().contains("2"));
    CHECK(!t.text().contains("Your note"));

    t.click("Notepad");
    CHECK(t.entered<&notepad::text>() == "Milk");
}

TEST_CASE("an open question in a tab is still open after another tab was shown") {
    test_conversation t{tabs{}};
    t.click("Order").click("Choose a drink").click("Counter").restart().click("Order");
    CHECK(t.text().contains("What would you like?"));

    t.click("Tea");
    CHECK(t.text().contains("On its way: Tea."));
}

TEST_CASE("the arrow keys wrap around the tabs") {
    test_conversation t{tabs{}};
    t.send<&tabs::previous>();
    CHECK(t.text().contains("Nothing is ordered."));
    t.send<&tabs::next>().send<&tabs::next>();
    CHECK(t.text().contains("Your note"));
    t.send<&tabs::show>(7);
    CHECK(t.text().contains("Your note"));
}
