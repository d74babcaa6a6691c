#include "examples/url_counter.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace stube;
using gallery::url_counter;

TEST_CASE("the number of a counter is in the address") {
    test_conversation t{url_counter{.n = 7}};

    t.click("+");
    CHECK(t.url() == "/url-counter?n=8");
    t.click("−").click("−");
    CHECK(t.url() == "/url-counter?n=6");
}

TEST_CASE("Back and Forward walk the numbers that were counted") {
    test_conversation t{url_counter{}};

    t.click("+").click("+").back();
    CHECK(t.text().contains("1"));
    CHECK(t.url() == "/url-counter?n=1");
    t.forward();
    CHECK(t.url() == "/url-counter?n=2");
    t.back().back().click("−");
    CHECK(t.url() == "/url-counter?n=-1");
}

TEST_CASE("a counter that begins at the largest number stays there") {
    using limits = std::numeric_limits<int>;
    test_conversation top{url_counter{.n = limits::max()}};
    CHECK(top.click("+").text().contains("2147483647"));
    CHECK(top.click("−").url() == "/url-counter?n=2147483646");

    test_conversation bottom{url_counter{.n = limits::min()}};
    CHECK(bottom.click("−").text().contains("-2147483648"));
}
