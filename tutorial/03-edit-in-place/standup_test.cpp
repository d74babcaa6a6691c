#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "standup.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace standup;

namespace {

test_conversation with_two_items() {
    test_conversation t{board{}};
    t.fill<&board::draft>("Mend the tests").click("Add");
    t.fill<&board::draft>("Call Grace").click("Add");
    return t;
}

}  // namespace

TEST_CASE("an item is edited in its place while the others stay usable") {
    auto t = with_two_items();
    t.click("Edit Mend the tests");
    CHECK(t.entered<&edit_text::text>() == "Mend the tests");

    t.click("Done Call Grace");
    CHECK(t.text().contains("Call Grace (done)"));

    t.fill<&edit_text::text>("Mend two tests").click("Save");
    CHECK(t.text().contains("Mend two tests"));
    CHECK(t.text().contains("Call Grace (done)"));
}

TEST_CASE("Cancel discards an edit") {
    auto t = with_two_items();
    t.click("Edit Call Grace").fill<&edit_text::text>("Call Ada").click("Cancel");
    CHECK(t.text().contains("Call Grace"));
    CHECK(!t.text().contains("Call Ada"));
}

TEST_CASE("an open editor survives a restart") {
    auto t = with_two_items();
    t.click("Edit Call Grace").restart();
    t.fill<&edit_text::text>("Call Ada").click("Save");
    CHECK(t.text().contains("Call Ada"));
}

TEST_CASE("an item is deleted after the user confirms") {
    auto t = with_two_items();
    t.click("Delete Call Grace").click("Keep");
    CHECK(t.text().contains("Call Grace"));
    t.click("Delete Call Grace").click("Delete");
    CHECK(!t.text().contains("Call Grace"));
    CHECK(t.text().contains("Mend the tests"));
}
