#include "examples/tree.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::tree_view;

TEST_CASE("a branch of a tree shows its children when it is opened") {
    test_conversation t{tree_view{}};
    CHECK(t.text().contains("Animals"));
    CHECK(!t.text().contains("Birds"));

    t.click("Animals").click("Mammals").click("Bats");

    CHECK(t.text().contains("Pipistrelle"));
    CHECK(!t.text().contains("Ferns"));
}

TEST_CASE("closing a branch closes the open branches within it") {
    test_conversation t{tree_view{}};
    t.click("Animals").click("Birds");
    const auto at_most = t.value().instances.size();

    t.click("Animals");
    CHECK(!t.text().contains("Owl"));
    CHECK(t.value().instances.size() < at_most);
    t.click("Animals");
    CHECK(t.text().contains("Birds"));
    CHECK(!t.text().contains("Owl"));
}

TEST_CASE("a branch that opens patches only itself") {
    test_conversation t{tree_view{}};
    t.click("Plants");

    t.click("Trees");

    for (const auto& each : t.patches())
        CHECK(each.content.text().find("Ferns") == std::string_view::npos);
}

TEST_CASE("a restart keeps the open branches of a tree") {
    test_conversation t{tree_view{}};
    t.click("Plants").click("Trees").restart();

    CHECK(t.text().contains("Beech"));
    t.click("Trees").click("Ferns");
    CHECK(!t.text().contains("Beech"));
    CHECK(t.text().contains("Bracken"));
}
