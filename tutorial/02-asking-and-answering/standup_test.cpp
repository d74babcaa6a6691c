#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "standup.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace standup;

namespace {

test_conversation with_one_item() {
    test_conversation t{board{}};
    t.fill<&board::draft>("Mend the tests").click("Add");
    return t;
}

}  // namespace

TEST_CASE("an item is deleted after the user confirms") {
    auto t = with_one_item();

    t.click("Delete");
    CHECK(t.text().contains("Delete \"Mend the tests\"?"));
    t.click("Keep");
    CHECK(t.text().contains("Mend the tests"));

    t.click("Delete").click("Delete");
    CHECK(!t.text().contains("Mend the tests"));
}

TEST_CASE("a blocked item shows the reason that the user entered") {
    auto t = with_one_item();

    t.click("Blocked").click("Save");
    CHECK(t.message_at<&ask_blocker::reason>() == "Say what is in the way");
    t.fill<&ask_blocker::reason>("a licence").click("Save");
    CHECK(t.text().contains("Mend the tests (blocked: a licence)"));
}

TEST_CASE("an open question survives a restart") {
    auto t = with_one_item();
    t.click("Blocked").restart();

    t.fill<&ask_blocker::reason>("a licence").click("Save");
    CHECK(t.text().contains("blocked: a licence"));
}

TEST_CASE("a cancelled question changes nothing") {
    auto t = with_one_item();
    t.click("Blocked").click("Cancel");
    CHECK(!t.text().contains("blocked"));
}
