#include "examples/error_answer.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::error_answer;

TEST_CASE("a failure of the component that was called reaches the caller") {
    test_conversation t{error_answer{}};

    t.click("Check out").click("A blocked card");

    CHECK(!t.failed());
    CHECK(t.notices().empty());
    CHECK(t.text().contains("Your bank has declined the card. The tickets are kept for you."));
    CHECK(!t.text().contains("code 57"));
}

TEST_CASE("after a failure the caller can try again") {
    test_conversation t{error_answer{}};

    t.click("Check out").click("A blocked card").restart();
    t.click("Check out").click("A good card");

    CHECK(t.text().contains("Thank you: the tickets are yours."));
    CHECK(!t.text().contains("declined"));
}
