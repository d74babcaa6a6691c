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
                       ("stube-tutorial-8-" + std::to_string(getpid()) + ".json");
    team all{(std::filesystem::remove(file), file)};

    office() {
        all.add({.number = all.next_number(), .what = {.text = "Mend the tests", .owner = "Ada"}});
    }

    ~office() { std::filesystem::remove(file); }
};

board blocked_items() {
    board out;
    out.shown = filter::blocked;
    return out;
}

}  // namespace

TEST_CASE("the address contains the view") {
    office o;
    test_conversation t{blocked_items()};
    t.provide(o.all).principal("Ada");
    CHECK(!t.text().contains("Mend the tests"));

    t.click("Mine");
    CHECK(t.url() == "/?show=mine");
    CHECK(t.text().contains("Mend the tests"));
    t.back();
    CHECK(t.url() == "/?show=blocked");
    CHECK(!t.text().contains("Mend the tests"));
    t.forward();
    CHECK(t.text().contains("Mend the tests"));
}

TEST_CASE("an item that somebody else blocks appears in the view of blocked items") {
    office o;
    test_conversation t{blocked_items()};
    t.provide(o.all).principal("Ada");
    CHECK(!t.text().contains("Mend the tests"));

    o.all.change(1, [](item& it) { it.state = item_state::blocked; });
    t.publish("standup/board", 1);
    CHECK(t.text().contains("Mend the tests"));
}

TEST_CASE("Back leaves an open form and does not return to a saved one") {
    office o;
    test_conversation t{board{}};
    t.provide(o.all).principal("Ada").click("New item").back();
    CHECK(t.text().contains("Mend the tests"));

    t.forward().fill<&plan_form::text>("Call Grace").click("Save").back();
    CHECK(o.all.items().size() == 2);
    CHECK(t.text().contains("Stand-up"));
}
