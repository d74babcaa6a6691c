#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "claim.hpp"
#include "office.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace expenses;

namespace {

const principal ada{"Ada"};
const principal grace{"Grace", {"approver"}};

/// The limits at the time of the incident.
const office of_that_day{.limits = {{kind::travel, 5000}, {kind::hotel, 800}, {kind::meals, 60}}};

test_conversation submitted_claim(office& all) {
    test_conversation t{claim{}};
    t.provide(all).principal(ada);
    t.fill<&claim::purpose>("Train to Basel").fill<&claim::what>("travel");
    t.fill<&claim::amount>("1200").click("Next").click("Submit");
    return t;
}

}  // namespace

TEST_CASE("a claim accepts the decision of an approver only") {
    office all = of_that_day;
    auto t = submitted_claim(all);
    t.send<&decision::approve>();
    CHECK(t.notices().front() == "This step waits for somebody else. Nothing was changed.");
    t.as(grace).fill<&decision::pin>("1906").click("Approve");
    CHECK(t.text().contains("Approved by Grace"));
}

TEST_CASE("a claim has its number as an alias") {
    office all = of_that_day;
    auto t = submitted_claim(all);
    REQUIRE(t.aliases().size() == 1);
    CHECK(t.text().contains(t.aliases().front() + ": Train to Basel"));
}

TEST_CASE("a claim for a taxi fails with the limits of the day of the incident") {
    office all = of_that_day;
    auto t = test_conversation::from_export<claim>(std::ifstream("incident.json"));
    t.provide(all).replay();
    CHECK(t.failed());
    CHECK(t.error() == "a kind of expense has no limit");
}

TEST_CASE("a claim for a taxi goes on when taxis have a limit") {
    office all = of_that_day;
    all.limits[kind::taxi] = 100;
    auto t = test_conversation::from_export<claim>(std::ifstream("incident.json"), 3);
    t.provide(all).fill<&claim::what>("taxi").click("Next");
    CHECK(t.text().contains("Claim To the customer, € 40?"));
}
