#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "onboarding.hpp"
#include "standup.hpp"
#include "team.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <unistd.h>

using namespace standup;

namespace {

/// A team with one item, in a temporary file of this process.
struct office {
    std::string file = std::filesystem::temp_directory_path() /
                       ("stube-tutorial-10-" + std::to_string(getpid()) + ".json");
    team all{(std::filesystem::remove(file), file)};

    office() {
        all.add({.number = all.next_number(), .what = {.text = "Mend the tests", .owner = "Ada"}});
    }

    ~office() { std::filesystem::remove(file); }

    /// The board as this user sees it.
    test_conversation board_of(const std::string& who) {
        test_conversation page{board{}};
        page.provide(all).principal(who);
        return page;
    }
};

}  // namespace

TEST_CASE("a page shows the user and the items of the team") {
    office o;
    auto ada = o.board_of("Ada");
    CHECK(ada.text().contains("You are Ada."));
    CHECK(ada.text().contains("Mend the tests"));
}

TEST_CASE("a new item needs a text") {
    office o;
    auto ada = o.board_of("Ada");

    ada.click("New item").click("Save");
    CHECK(ada.message_at<&plan_form::text>() == "Say what is to be done");

    ada.fill<&plan_form::text>("Call Grace").click("Save");
    CHECK(ada.published().back() == "standup/board [2]");
    ada.publish("standup/board", 2);
    CHECK(ada.text().contains("Call Grace"));
}

TEST_CASE("an item cannot be due in the past") {
    office o;
    auto ada = o.board_of("Ada");  // its clock reads noon of 2026-01-01
    ada.click("New item").fill<&plan_form::text>("Call Grace");

    ada.fill<&plan_form::due>("2026-01-01").advance(std::chrono::hours(24)).click("Save");
    CHECK(ada.message_at<&plan_form::due>() == "Choose a day that is still to come");
    CHECK(o.all.items().size() == 1);
}

TEST_CASE("a change by one user appears on the pages of the others") {
    office o;
    auto ada = o.board_of("Ada");
    auto grace = o.board_of("Grace");
    CHECK(ada.text().contains("Mend the tests"));

    grace.click("Take Mend the tests");
    CHECK(grace.published().front() == "standup/item/1 [1]");
    ada.publish("standup/item/1", 1);
    CHECK(ada.within("Mend the tests").text().contains("Grace"));
}

TEST_CASE("a second click on Delete changes nothing") {
    office o;
    auto ada = o.board_of("Ada");
    ada.click("Delete Mend the tests").click("Delete").resend_to_previous();
    CHECK(!ada.failed());
    CHECK(o.all.items().empty());
}

TEST_CASE("an event that the browser sends again runs once") {
    office o;
    auto ada = o.board_of("Ada");
    ada.click("New item").repeat_last_event();
    CHECK(o.all.next_number() == 3);  // the form took number 2, and only once
}

TEST_CASE("a half-filled form survives a restart") {
    office o;
    auto ada = o.board_of("Ada");
    ada.click("New item").fill<&plan_form::owner>("Grace").click("Save");
    CHECK(ada.message_at<&plan_form::text>() == "Say what is to be done");

    ada.restart();
    CHECK(ada.entered<&plan_form::owner>() == "Grace");
    ada.fill<&plan_form::text>("Call Grace").click("Save");
    CHECK(o.all.items().size() == 2);
}

TEST_CASE("the questions about a new person survive a restart at each step") {
    test_conversation t{onboarding{}};
    t.fill<&ask_name::name>("Barbara").click("Next").restart();
    t.click("tester").restart();
    CHECK(t.text().contains("Barbara joins the team as tester."));
    t.click("Right");
    CHECK(t.ended());
}
