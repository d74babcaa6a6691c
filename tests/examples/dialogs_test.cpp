#include "examples/dialogs.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::dialogs;

TEST_CASE("four dialogs follow one another and their answers are shown") {
    test_conversation t{dialogs{}};

    t.click("Begin").click("Yes");
    t.fill("What is your name?", "Ada").click("OK");
    t.click("Orange juice");
    CHECK(t.text() == "Your drink is on its way.\nOK");
    t.click("OK");

    CHECK(t.text().contains("Confirm\nyes"));
    CHECK(t.text().contains("Prompt\n“Ada”"));
    CHECK(t.text().contains("Choose\n“Juice”"));
}

TEST_CASE("every dialog can be cancelled") {
    test_conversation t{dialogs{}};

    t.click("Begin").click("No").click("Cancel").restart().click("Cancel").click("OK");

    CHECK(t.text().contains("Confirm\nno"));
    CHECK(t.text().contains("Prompt\ncancelled"));
    CHECK(t.text().contains("Choose\ncancelled"));
}

TEST_CASE("an empty name is an answer and not a cancellation") {
    test_conversation t{dialogs{}};

    t.click("Begin").click("Yes").click("OK").click("Tea").click("OK");

    CHECK(t.text().contains("Prompt\n“”"));
    t.click("Once more").click("Yes").back().back();
    CHECK(t.text().contains("Choose\n“Tea”"));
}
