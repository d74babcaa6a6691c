#include "examples/multi_counter.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::multi_counter;

TEST_CASE("a click changes only its own counter") {
    test_conversation t{multi_counter{}};
    CHECK(t.text().contains("Adults\nCounter\n− 0 +\nChildren\nCounter\n− 2 +\nDogs"));

    t.within("2").click("+");
    CHECK(t.text().contains("Adults\nCounter\n− 0 +\nChildren\nCounter\n− 3 +\nDogs"));
    REQUIRE(t.patches().size() == 1);
    CHECK(t.patches().front().kind == kernel::patch_kind::instance);
    CHECK(t.patches().front().content.text().find("Dogs") == std::string_view::npos);

    t.restart().within("3").click("−");
    CHECK(t.text().contains("Children\nCounter\n− 2 +\nDogs"));
}

TEST_CASE("the button Start over makes new counters") {
    test_conversation t{multi_counter{}};
    t.within("2").click("+").click("Start over");
    CHECK(t.text().contains("Children\nCounter\n− 2 +\nDogs"));

    t.within("2").click("+");
    CHECK(t.text().contains("Children\nCounter\n− 3 +\nDogs"));
    CHECK(t.value().instances.size() == 4);
}
