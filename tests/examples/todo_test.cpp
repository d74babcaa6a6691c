#include "examples/todo.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::edit_text;
using gallery::todo;
using gallery::todo_row;

namespace {

test_conversation with_milk_and_bread() {
    test_conversation t{todo{}};
    t.fill<&todo::draft>("Milk").click("Add");
    t.fill<&todo::draft>("Bread").click("Add");
    return t;
}

}  // namespace

TEST_CASE("an entry counts as open until it is checked off") {
    auto t = with_milk_and_bread();
    CHECK(t.text().contains("2 of 2 to do"));

    t.click("Milk");
    CHECK(t.text().contains("1 of 2 to do"));
    t.click("Milk");
    CHECK(t.text().contains("2 of 2 to do"));
}

TEST_CASE("an empty entry is refused") {
    test_conversation t{todo{}};
    t.fill<&todo::draft>("  ").click("Add");
    CHECK(t.message_at<&todo::draft>() == "Enter what is to be done");
    CHECK(t.text().contains("0 of 0 to do"));
}

TEST_CASE("a row is edited in its place while the others stay usable") {
    auto t = with_milk_and_bread();
    t.click("Edit Milk");
    CHECK(t.entered<&edit_text::text>() == "Milk");

    t.click("Bread");
    CHECK(t.text().contains("1 of 2 to do"));

    t.restart().fill<&edit_text::text>("Oat milk").click("Save");
    CHECK(t.text().contains("Oat milk"));
    CHECK(t.text().contains("1 of 2 to do"));
}

TEST_CASE("an edit is saved or cancelled") {
    auto t = with_milk_and_bread();
    t.click("Edit Milk").fill<&edit_text::text>("Oat milk").click("Save");
    CHECK(t.text().contains("Oat milk"));

    t.click("Edit Bread").fill<&edit_text::text>("Cake").send<&edit_text::cancel>();
    CHECK(t.text().contains("Bread"));
    CHECK(!t.text().contains("Cake"));

    t.click("Edit Bread").fill<&edit_text::text>("").click("Save");
    CHECK(t.message_at<&edit_text::text>() == "Enter what is to be done");
}

TEST_CASE("a row is deleted after a confirmation") {
    auto t = with_milk_and_bread();
    t.click("Delete Milk");
    CHECK(t.text().contains("Delete \"Milk\"?"));
    t.click("Keep");
    CHECK(t.text().contains("2 of 2 to do"));

    t.click("Delete Milk").click("Delete");
    CHECK(t.text().contains("1 of 1 to do"));
    CHECK(!t.text().contains("Milk"));
    t.resend_to_previous();
    CHECK(t.text().contains("1 of 1 to do"));
}
