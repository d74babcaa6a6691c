#include "examples/chat.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace stube;
using namespace std::chrono_literals;
using gallery::chat;
using gallery::everyone;
using gallery::message;
using gallery::talk;

namespace {

const std::string topic = "gallery/room";

test_conversation visitor(everyone& shared, const char* name) {
    test_conversation t{chat{}};
    t.provide(shared).fill<&chat::name>(name).click("Join");
    return t;
}

test_conversation& say(test_conversation& t, const std::string& text) {
    return t.advance(1s).fill<&talk::text>(text).click("Send");
}

message at(int second, std::string text) {
    return {time_point(std::chrono::seconds(second)), "Ada", std::move(text)};
}

}  // namespace

TEST_CASE("a visitor without a name does not get in") {
    everyone shared;
    test_conversation t{chat{}};
    t.provide(shared).fill<&chat::name>("  ").click("Join");
    CHECK(t.message_at<&chat::name>() == "Enter your name");

    t.fill<&chat::name>(std::string(41, 'x')).click("Join");
    CHECK(t.message_at<&chat::name>() == "Enter a shorter name");

    t.fill<&chat::name>("Ada").submit();
    CHECK(t.text().contains("You are Ada."));
    CHECK(t.text().contains("Nobody has said anything yet."));
}

TEST_CASE("a message of one visitor reaches the others") {
    everyone shared;
    auto ada = visitor(shared, "Ada");
    auto grace = visitor(shared, "Grace");

    say(ada, "Hello?");
    CHECK(ada.text().contains("Ada Hello?"));
    CHECK(ada.entered<&talk::text>().empty());
    CHECK(ada.published() == std::vector<std::string>{topic + " [\"Ada\"]"});
    CHECK_FALSE(grace.text().contains("Hello?"));

    grace.publish(topic, "Ada");
    CHECK(grace.text().contains("Ada Hello?"));
    CHECK(visitor(shared, "Joan").text().contains("Ada Hello?"));
}

TEST_CASE("an empty or a long message is not sent") {
    everyone shared;
    auto t = visitor(shared, "Ada");
    CHECK(say(t, " ").message_at<&talk::text>() == "Enter a message");
    CHECK(say(t, std::string(501, 'x')).message_at<&talk::text>() == "Enter a shorter message");

    CHECK(shared.room.messages().empty());
    CHECK(t.published().empty());
}

TEST_CASE("a double click on Send sends a message once and empties the field") {
    everyone shared;
    auto t = visitor(shared, "Ada");
    say(t, "Once").resend_to_previous();

    CHECK(shared.room.messages().size() == 1);
    CHECK(t.entered<&talk::text>().empty());
}

TEST_CASE("a visitor who leaves gets no more messages and can come back") {
    everyone shared;
    auto t = visitor(shared, "Ada");
    t.click("Leave");
    shared.room.add({at(1, "Gone?")});
    t.publish(topic, "Joan");
    CHECK_FALSE(t.text().contains("Gone?"));

    t.click("Join");
    CHECK(t.text().contains("Gone?"));
}

TEST_CASE("Back leads to the name and Forward into the room again") {
    everyone shared;
    auto t = visitor(shared, "Ada");
    say(t, "Hello");
    CHECK(t.back().entered<&chat::name>() == "Ada");
    CHECK(t.forward().text().contains("Ada Hello"));
}

TEST_CASE("a room keeps its latest messages in their order") {
    gallery::chat_room room;
    for (int i = 60; i > 0; --i)
        room.add({at(i, std::to_string(i))});

    const auto kept = room.messages();
    CHECK(kept.size() == 50);
    CHECK(kept.front().text == "11");
    CHECK(kept.back().text == "60");
}

TEST_CASE("stored conversations restore the shared messages after a restart") {
    std::optional<everyone> server(std::in_place);
    auto ada = visitor(*server, "Ada");
    say(ada, "Remember me");

    server.emplace();
    server->room.add({{ada.now() + 1s, "Joan", "Is anybody here?"}});
    ada.restart();

    const auto room = server->room.messages();
    REQUIRE(room.size() == 2);
    CHECK(room.front().text == "Remember me");
    CHECK(ada.text().contains("You are Ada."));
    CHECK(ada.text().contains("Joan Is anybody here?"));
    CHECK(ada.published().size() == 2);
}
