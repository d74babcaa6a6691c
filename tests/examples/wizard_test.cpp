#include "examples/wizard.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::ask_days;
using gallery::ask_place;
using gallery::ask_vehicle;
using gallery::wizard;

namespace {

test_conversation planned_trip() {
    test_conversation t{wizard{}};
    t.fill("Place", "Oslo").click("Next");
    t.fill("Days in Oslo", "5").click("Next");
    t.fill<&ask_vehicle::by>("boat").click("Next");
    return t;
}

}  // namespace

TEST_CASE("a wizard asks three questions and shows the answers") {
    const auto t = planned_trip();

    CHECK(t.text().contains("To Oslo"));
    CHECK(t.text().contains("5 days, by boat."));
}

TEST_CASE("Back shows each step with its entries") {
    auto t = planned_trip();

    t.click("Back");
    CHECK(t.entered<&ask_vehicle::by>() == "boat");
    t.restart().click("Back");
    CHECK(t.entered<&ask_days::days>() == "5");
    t.click("Back");
    CHECK(t.entered<&ask_place::place>() == "Oslo");
}

TEST_CASE("the browser's Back and Forward walk the same steps") {
    auto t = planned_trip();

    t.back().back();
    CHECK(t.entered<&ask_days::days>() == "5");
    t.forward().forward();
    CHECK(t.text().contains("5 days, by boat."));
}

TEST_CASE("another choice after Back replaces the later steps") {
    auto t = planned_trip();

    t.click("Back").click("Back");
    t.fill("Days in Oslo", "1").click("Next");
    t.fill<&ask_vehicle::by>("train").click("Next");
    CHECK(t.text().contains("1 day, by train."));
    t.click("Back").click("Back");
    CHECK(t.entered<&ask_days::days>() == "1");
}

TEST_CASE("a wizard does not continue without an answer") {
    test_conversation t{wizard{}};

    t.click("Next");
    CHECK(t.message_at<&ask_place::place>() == "Enter a place");
    t.fill("Place", "Rome").click("Next");
    t.fill("Days in Rome", "400").click("Next");
    CHECK(t.message_at<&ask_days::days>() == "Between 1 and 90");
}
