#include "examples/clock.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using namespace std::chrono_literals;

TEST_CASE("a clock shows the time of day and ticks by itself") {
    test_conversation t{gallery::clock{}};
    CHECK(t.text().contains("12:00:00"));

    t.advance(1s);
    CHECK(t.text().contains("12:00:01"));

    t.advance(1h + 1min + 7s);
    CHECK(t.text().contains("13:01:08"));
}

TEST_CASE("a clock ticks at full seconds") {
    test_conversation t{gallery::clock{}};
    t.click("Pause").advance(1s + 300ms).click("Go on");
    CHECK(t.text().contains("12:00:01"));

    t.advance(699ms);
    CHECK(t.text().contains("12:00:01"));

    t.advance(1ms);
    CHECK(t.text().contains("12:00:02"));
}

TEST_CASE("a paused clock does not move until it is continued") {
    test_conversation t{gallery::clock{}};
    t.advance(2s).click("Pause").advance(10s);
    CHECK(t.text().contains("12:00:02"));

    t.click("Go on");
    CHECK(t.text().contains("12:00:12"));

    t.advance(1s);
    CHECK(t.text().contains("12:00:13"));
}

TEST_CASE("a double click on Go on begins one timer") {
    test_conversation t{gallery::clock{}};
    t.click("Pause").click("Go on").resend_to_previous();

    CHECK(t.value().top().waits->timers.size() == 1);
}

TEST_CASE("a clock continues after a restart and a paused one stays paused") {
    test_conversation t{gallery::clock{}};
    t.restart().advance(1s);
    CHECK(t.text().contains("12:00:01"));

    t.click("Pause").restart().advance(5s);
    CHECK(t.text().contains("12:00:01"));
}
