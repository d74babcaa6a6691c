#include "examples/calendar.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using namespace std::chrono_literals;
using gallery::appointment;
using gallery::calendar;

TEST_CASE("a day can be chosen in another month") {
    test_conversation t{appointment{}};  // on Thursday, 1 January 2026
    CHECK(t.text().contains("No day is chosen."));

    t.click("Choose a day");
    CHECK(t.text().contains("January 2026"));
    t.click("Next month").click("Saturday 28 February 2026");
    CHECK(t.text().contains("Saturday 28 February 2026"));
}

TEST_CASE("a calendar turns from one year to another") {
    test_conversation t{appointment{}};
    t.click("Choose a day").click("Previous month");
    CHECK(t.text().contains("December 2025"));
    t.click("Next month").click("Thursday 1 January 2026");
    CHECK(t.text().contains("Thursday 1 January 2026"));
}

TEST_CASE("a calendar opens at the chosen day and keeps it when it is cancelled") {
    test_conversation t{appointment{2028y / 2 / 29}};
    t.click("Choose a day").restart();
    CHECK(t.text().contains("February 2028"));

    t.click("Next month").click("Cancel");
    CHECK(t.text().contains("Tuesday 29 February 2028"));
}

TEST_CASE("a day that the month does not have cannot be chosen") {
    test_conversation t{appointment{2026y / 2 / 1}};
    t.click("Choose a day").send<&calendar::choose>(29).send<&calendar::choose>(0);
    t.send<&calendar::choose>(-5);
    CHECK(t.text().contains("February 2026"));
    CHECK(!t.failed());
}
