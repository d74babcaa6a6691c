#include "examples/error_banner.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::error_banner;

TEST_CASE("a handler that throws changes nothing and shows a message") {
    test_conversation t{error_banner{}};
    t.click("Sell one");

    t.click("Sell one with a bug");
    CHECK(t.failed());
    REQUIRE(t.notices().size() == 1);
    CHECK(t.error().find("the till is on fire") != std::string::npos);
    CHECK(!t.text().contains("the till is on fire"));
    CHECK(t.text().contains("In stock\n11"));
    CHECK(t.text().contains("Sold\n1"));
}

TEST_CASE("the page continues after a bug and the message disappears") {
    test_conversation t{error_banner{}};

    t.click("Sell one with a bug").click("Sell one");

    CHECK(!t.failed());
    CHECK(t.notices().empty());
    CHECK(t.text().contains("In stock\n11"));
}

TEST_CASE("a product that is sold out cannot be sold") {
    test_conversation t{error_banner{.in_stock = 1}};

    t.click("Sell one").click("Sell one");

    CHECK(t.text().contains("In stock\n0"));
    CHECK(t.text().contains("Sold\n1"));
}
