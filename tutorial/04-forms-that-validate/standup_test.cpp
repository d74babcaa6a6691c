#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "standup.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace standup;

TEST_CASE("an item needs a text and an owner") {
    test_conversation t{board{}};
    t.click("New item").click("Save");
    CHECK(t.message_at<&plan_form::text>() == "Say what is to be done");
    CHECK(t.message_at<&plan_form::owner>() == "Choose who does it");

    t.fill<&plan_form::text>("Mend the tests").fill<&plan_form::owner>("Ada").click("Save");
    CHECK(t.text().contains("Mend the tests"));
    CHECK(t.text().contains("Ada"));
}

TEST_CASE("a form with a wrong entry keeps all entries") {
    test_conversation t{board{}};  // its clock reads noon of 2026-01-01
    t.click("New item").fill<&plan_form::text>("Mend the tests").fill<&plan_form::owner>("Ada");

    t.fill<&plan_form::due>("2025-12-31").click("Save");
    CHECK(t.message_at<&plan_form::due>() == "Choose a day that is still to come");
    CHECK(t.entered<&plan_form::due>() == "2025-12-31");
    CHECK(t.entered<&plan_form::text>() == "Mend the tests");

    t.fill<&plan_form::due>("soon").click("Save");
    CHECK(t.message_at<&plan_form::due>() == "Enter a date");

    t.fill<&plan_form::due>("2026-01-01").click("Save");
    CHECK(t.text().contains("Ada, until 2026-01-01"));
}

TEST_CASE("an item is edited in the same form and in its place") {
    test_conversation t{board{}};
    t.click("New item").fill<&plan_form::text>("Mend the tests").fill<&plan_form::owner>("Ada");
    t.click("Save").click("Edit Mend the tests");
    CHECK(t.entered<&plan_form::owner>() == "Ada");

    t.fill<&plan_form::owner>("Grace").fill<&plan_form::size>("longer").click("Save");
    CHECK(t.text().contains("Grace, longer than a day"));
}
