#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "standup.hpp"

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
                       ("stube-tutorial-7-" + std::to_string(getpid()) + ".json");
    team all{(std::filesystem::remove(file), file)};

    office() {
        all.add({.number = all.next_number(), .what = {.text = "Mend the tests", .owner = "Ada"}});
    }

    ~office() { std::filesystem::remove(file); }
};

}  // namespace

TEST_CASE("an item is taken by the user who is signed in") {
    office o;
    test_conversation t{board{}};
    t.provide(o.all).principal("Grace");
    CHECK(t.text().contains("You are Grace."));

    t.click("Take Mend the tests").publish("standup/item/1", 1);
    CHECK(o.all.items().front().what.owner == "Grace");
    CHECK(t.text().contains("Grace"));
    CHECK_THROWS(t.click("Take Mend the tests"));
}

TEST_CASE("the form for a new item begins with the user as owner") {
    office o;
    test_conversation t{board{}};
    t.provide(o.all).principal("Grace").click("New item");
    CHECK(t.entered<&plan_form::owner>() == "Grace");
}
