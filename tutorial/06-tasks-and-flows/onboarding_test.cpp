#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "onboarding.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace standup;

namespace {

/// The task and the flow have the same steps.
void go_through(test_conversation t) {
    t.fill<&ask_name::name>("Barbara").click("Next");
    CHECK(t.text().contains("What does Barbara do?"));
    t.click("Another name").fill<&ask_name::name>("Barbara L.").click("Next").click("tester");
    CHECK(t.text().contains("Barbara L. joins the team as tester."));

    t.click("Begin again");
    CHECK(t.entered<&ask_name::name>() == "Barbara L.");
    t.click("Next").click("developer").click("Right");
    CHECK(t.ended());
}

}  // namespace

TEST_CASE("the task asks all questions about a new person") {
    go_through(test_conversation(onboarding{}));
}

TEST_CASE("the flow asks all questions about a new person") {
    go_through(test_conversation(call<onboarding_flow>()));
}

TEST_CASE("a task survives a restart at every step") {
    test_conversation t{onboarding{}};
    t.restart().fill<&ask_name::name>("Barbara").click("Next");
    t.restart().click("tester");
    t.restart().click("Right");
    CHECK(t.ended());
}

TEST_CASE("a flow does not survive a restart") {
    test_conversation t{call<onboarding_flow>()};
    t.fill<&ask_name::name>("Barbara").click("Next");
    CHECK_THROWS_AS(t.restart(), std::logic_error);
}
