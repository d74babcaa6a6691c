#include "examples/counter.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::counter;

TEST_CASE("a counter counts up and down") {
    test_conversation t{counter{}};
    t.click("+").click("+").click("−");
    CHECK(t.text().contains("1"));
}
