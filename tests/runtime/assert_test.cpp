#include "store/assert.hpp"

#include <stube/runtime/component_error.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <type_traits>

using namespace stube;

TEST_CASE("a true assertion evaluates its condition once and throws nothing") {
    int evaluated = 0;
    STUBE_ASSERT(++evaluated > 0);
    CHECK(evaluated == 1);
}

TEST_CASE("a false assertion throws broken_invariant with its condition and place") {
    std::string text;
    int line = 0;
    try {
        line = __LINE__ + 1;
        STUBE_ASSERT(text.size() == 1);
    } catch (const broken_invariant& e) {
        text = e.what();
    }
    CHECK(
        text == "stube: broken invariant: text.size() == 1, assert_test.cpp:" + std::to_string(line)
    );
}

TEST_CASE("broken invariants and mistakes of components are logic errors of different types") {
    CHECK(std::is_base_of_v<std::logic_error, broken_invariant>);
    CHECK(std::is_base_of_v<std::logic_error, component_error>);
    CHECK_FALSE(std::is_base_of_v<component_error, broken_invariant>);
}
