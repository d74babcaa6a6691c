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
                       ("stube-tutorial-5-" + std::to_string(getpid()) + ".json");
    team all{(std::filesystem::remove(file), file)};

    office() {
        all.add({.number = all.next_number(), .what = {.text = "Mend the tests", .owner = "Ada"}});
    }

    ~office() { std::filesystem::remove(file); }
};

}  // namespace

TEST_CASE("a page shows the items of the team") {
    office o;
    test_conversation t{board{}};
    t.provide(o.all);
    CHECK(t.text().contains("Mend the tests"));
}

TEST_CASE("a change on one page appears on the others") {
    office o;
    test_conversation ada{board{}};
    test_conversation grace{board{}};
    ada.provide(o.all);
    grace.provide(o.all);
    CHECK(!grace.text().contains("(done)"));

    ada.click("Done Mend the tests");
    CHECK(ada.published() == std::vector<std::string>{"standup/item/1 [1]"});
    ada.publish("standup/item/1", 1);
    grace.publish("standup/item/1", 1);

    CHECK(ada.text().contains("Mend the tests (done)"));
    CHECK(grace.text().contains("Mend the tests (done)"));
}

TEST_CASE("an open editor stays open when others change the list") {
    office o;
    test_conversation t{board{}};
    t.provide(o.all).click("Edit Mend the tests").fill<&plan_form::text>("Mend two tests");

    o.all.add({.number = o.all.next_number(), .what = {.text = "Call Grace", .owner = "Ada"}});
    t.publish("standup/board", 2);
    CHECK(t.text().contains("Call Grace"));

    t.fill<&plan_form::text>("Mend two tests").click("Save").publish("standup/item/1", 1);
    CHECK(t.text().contains("Mend two tests"));
}

TEST_CASE("a team is read from its file") {
    office o;
    team again(o.file);
    CHECK(again.items().size() == 1);
    CHECK(again.next_number() == 2);
}
