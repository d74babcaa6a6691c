#include "examples/everyone.hpp"
#include "examples/standup.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

using namespace standup;
using stube::test_conversation;

namespace {

const std::string board_topic = "standup/board";

/// The gallery's shared state, with one item on the board.
struct office {
    std::optional<gallery::everyone> everyone{std::in_place};
    int first = everyone->standup.next_number();

    office() {
        everyone->standup.add({.number = first, .what = {.text = "Mend it", .owner = "ada"}});
    }

    team& all() { return everyone->standup; }

    std::string topic_of_first() const { return "standup/item/" + std::to_string(first); }

    test_conversation board_of(const std::string& who) {
        test_conversation page{board{}};
        page.provide(*everyone).principal(who);
        return page;
    }
};

}  // namespace

TEST_CASE("an item that one member takes is shown to the others") {
    office o;
    auto ada = o.board_of("ada");
    auto grace = o.board_of("grace");
    CHECK_THROWS(ada.click("Take Mend it"));  // the item is already hers

    grace.click("Take Mend it").publish(o.topic_of_first(), o.first);
    ada.publish(o.topic_of_first(), o.first);
    CHECK(ada.within("Mend it").text().contains("grace"));
    CHECK_THROWS(grace.click("Take Mend it"));
}

TEST_CASE("an item can be added and blocked and filtered and marked as done") {
    office o;
    auto ada = o.board_of("ada");
    ada.click("New item").fill<&plan_form::text>("Call grace").click("Save");
    const int number = o.all().items().back().number;
    ada.publish(board_topic, number);

    ada.click("Blocked Call grace").click("OK");
    CHECK(ada.message_at<&stube::ui::prompt::text>() == "Say what it is");
    ada.fill<&stube::ui::prompt::text>("a number").click("OK");
    ada.publish("standup/item/" + std::to_string(number), number);
    ada.send<&board::show>(filter::blocked);
    CHECK(ada.url() == "/standup?show=blocked");
    CHECK(ada.text().contains("Call grace (blocked: a number)"));
    CHECK(!ada.text().contains("Mend it"));

    ada.click("Done Call grace").publish(board_topic, number);
    CHECK(ada.text().contains("Nothing to show here."));
}

TEST_CASE("the changes of two people to the same item are both kept") {
    office o;
    auto ada = o.board_of("ada");
    auto grace = o.board_of("grace");
    ada.click("Edit Mend it");
    grace.click("Take Mend it");
    ada.fill<&plan_form::text>("Mend it well").click("Save");

    const auto now = o.all().find(o.first);
    REQUIRE(now);
    CHECK(now->what.text == "Mend it well");
    CHECK(now->what.owner == "grace");
}

TEST_CASE("a new member joins the team and can be chosen for items") {
    office o;
    auto ada = o.board_of("ada");
    ada.click("New person").click("Next");
    CHECK(ada.message_at<&ask_name::name>() == "Enter a name");
    ada.fill<&ask_name::name>("Barbara").click("Next").restart().click("tester").click("Right");
    ada.publish(board_topic, 0);
    CHECK(ada.text().contains("Barbara, tester"));

    ada.click("New item").fill<&plan_form::owner>("Barbara");
    ada.fill<&plan_form::text>("Test it").click("Save").publish(board_topic, 0);
    CHECK(ada.within("Test it").text().contains("Barbara"));
}

TEST_CASE("stored conversations restore the shared items after a restart") {
    office o;
    auto ada = o.board_of("ada");
    CHECK(ada.text().contains("Mend it"));

    o.everyone.emplace();
    CHECK(o.all().items().empty());
    ada.restart().publish(board_topic, 0);
    CHECK(o.all().items().size() == 1);
    CHECK(ada.text().contains("Mend it"));
}

TEST_CASE("Back does not bring back a deleted item") {
    office o;
    auto ada = o.board_of("ada");
    ada.click("Delete Mend it").click("Delete").publish(board_topic, o.first);
    ada.back().publish(board_topic, o.first);
    CHECK(o.all().items().empty());
}

TEST_CASE("only members of the team can be chosen for items") {
    office o;
    auto ada = o.board_of("ada");
    ada.click("New item").fill<&plan_form::text>("Call grace");
    CHECK_THROWS(ada.fill<&plan_form::owner>("nobody"));
}
