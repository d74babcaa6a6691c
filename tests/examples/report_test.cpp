#include "examples/report.hpp"

#include <stube/runtime/call.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::report;

namespace {

// Primes below 100: 25; then 21, 16, 16 and 17 in the next hundreds; 95 below 500. Below
// 5,000: 669 (OEIS A000720).
constexpr int small = 100;

bool shows_progress(const test_conversation& t, int parts) {
    const auto mark = " max=\"5\" value=\"" + std::to_string(parts) + "\"";
    return t.html().find(mark) != std::string::npos;
}

}  // namespace

TEST_CASE("a report works part by part and shows its progress") {
    test_conversation t{call<report>(small)};
    CHECK(t.text().contains("How many primes are there below 500?"));
    CHECK(t.text().contains("Nothing is running"));

    t.click("Start");
    CHECK(t.text().contains("Working on part 1 of 5"));
    CHECK(t.waiting_work() == 1);
    CHECK(shows_progress(t, 0));

    t.run_work();
    CHECK(t.text().contains("Done: 95 primes"));
    CHECK(shows_progress(t, 5));
}

TEST_CASE("a report counts as far as the user has chosen") {
    test_conversation t{call<report>(small)};
    t.fill<&report::how_far>("far").click("Start");
    CHECK(t.text().contains("How many primes are there below 5,000?"));
    CHECK(t.text().contains("Working on part 1 of 50"));

    t.run_work();
    CHECK(t.text().contains("Done: 669 primes"));
}

TEST_CASE("a double click on Start begins the work once") {
    test_conversation t{call<report>(small)};
    t.click("Start").resend_to_previous();
    CHECK(t.waiting_work() == 1);
}

TEST_CASE("failed work shows a message and can be continued") {
    test_conversation t{call<report>(small)};
    t.check<&report::jam>().click("Start").run_work();
    CHECK(t.text().contains("This could not be completed."));
    CHECK(t.text().contains("Nothing is running"));

    t.uncheck<&report::jam>().click("Go on").run_work();
    CHECK(t.text().contains("Done: 95 primes"));
    CHECK_FALSE(t.text().contains("This could not be completed."));
}

TEST_CASE("a report that a restart interrupts shows a message and can be continued") {
    test_conversation t{call<report>(small)};
    t.click("Start").restart();
    CHECK(t.text().contains("This was interrupted by a restart."));
    CHECK(t.waiting_work() == 0);

    t.click("Go on").run_work();
    CHECK(t.text().contains("Done: 95 primes"));
}

TEST_CASE("a report can be cleared and begun again") {
    test_conversation t{call<report>(small)};
    t.click("Start").run_work().click("Clear");
    CHECK(shows_progress(t, 0));

    t.click("Start").run_work();
    CHECK(t.text().contains("Done: 95 primes"));
}
