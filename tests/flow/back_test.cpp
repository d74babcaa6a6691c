#include "flow/live.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace flow_test;
using namespace std::chrono_literals;

namespace {

/// A step with a Back button, which is shown where Back is possible.
struct step {
    static constexpr std::string_view component = "test/step";
    using answer_type = std::string;

    std::string title;

    answers<std::string> next() { return answer(title); }

    effects previous() { return back(); }

    markup render(const context& c) const {
        using namespace html;
        return div(
            h1(title),
            button(on<"click", &step::next>, "Next"),
            when(c.can_go_back(), button(on<"click", &step::previous>, "Previous"))
        );
    }
};
BOOST_DESCRIBE_STRUCT(step, (), (title, next, previous))

flow<> two_steps() {
    co_await call<step>("One");
    co_await call<step>("Two");
}

flow<> step_and_work() {
    co_await run([] {});
    co_await call<step>("Paid");
}

/// Calls steps in flows, and one step by itself.
struct home {
    static constexpr std::string_view component = "test/home";

    int visits = 0;

    effects go() { return call<two_steps>().then<&home::done>(); }

    effects work() { return call<step_and_work>().then<&home::done>(); }

    effects alone() { return call<step>("Alone").then<&home::done>(); }

    void done() { ++visits; }

    markup render() const {
        using namespace html;
        return div(
            p("Visits: ", visits),
            button(on<"click", &home::go>, "Go"),
            button(on<"click", &home::work>, "Work"),
            button(on<"click", &home::alone>, "Alone")
        );
    }
};
BOOST_DESCRIBE_STRUCT(home, (), (visits, go, work, alone, done))

constexpr auto refusal = "This step cannot be taken back. Start again";

}  // namespace

TEST_CASE("Back from the first step of a flow leads to the step before the flow") {
    test_conversation t{home{}};
    t.click("Go");
    CHECK(t.text().contains("Previous"));

    t.back();

    CHECK(t.text().contains("Visits: 0"));
    CHECK(t.value().durable());
}

TEST_CASE("Back from a later step of a flow changes nothing and shows a message") {
    test_conversation t{home{}};
    t.click("Go").click("Next");
    const auto revision = t.value().revision;

    t.back();

    CHECK(t.notices() == std::vector<std::string>{refusal});
    CHECK(t.text().contains("Two"));
    CHECK(t.value().revision == revision);
    t.click("Next");
    CHECK(t.text().contains("Visits: 1"));
}

TEST_CASE("a step of a flow offers no Back where Back is refused") {
    test_conversation t{home{}};

    t.click("Go").click("Next");
    CHECK_FALSE(t.text().contains("Previous"));
    t.send<&step::previous>();

    CHECK(t.notices() == std::vector<std::string>{refusal});
    CHECK(t.text().contains("Two"));
}

TEST_CASE("Back from the first step of a flow at the root changes nothing") {
    test_conversation t{call<two_steps>()};

    t.back();
    CHECK(t.notices().empty());
    CHECK(t.text().contains("One"));

    t.click("Next").back();
    CHECK(t.notices() == std::vector<std::string>{refusal});
    CHECK(t.text().contains("Two"));
}

TEST_CASE("Back is refused after a flow has advanced by itself") {
    test_conversation t{home{}};
    t.click("Work").run_work();
    CHECK(t.text().contains("Paid"));

    t.back();

    CHECK(t.notices() == std::vector<std::string>{refusal});
    CHECK(t.text().contains("Paid"));
}

TEST_CASE("a finished flow is one step and Back undoes all of it") {
    test_conversation t{home{}};
    t.click("Go").click("Next").click("Next");
    CHECK(t.text().contains("Visits: 1"));

    t.back();
    CHECK(t.notices().empty());
    CHECK(t.text().contains("Visits: 0"));

    t.forward();
    CHECK(t.text().contains("Visits: 1"));
}

TEST_CASE("Back walks the steps before and after a flow one by one") {
    test_conversation t{home{}};
    t.click("Alone").click("Next").click("Go").click("Next").click("Next").click("Alone");
    CHECK(t.text().contains("Alone"));

    t.back();
    CHECK(t.text().contains("Visits: 2"));
    t.back();
    CHECK(t.text().contains("Visits: 1"));
    t.back();
    CHECK(t.text().contains("Alone"));
}

TEST_CASE("Back works after a restart that follows the end of a flow") {
    test_conversation t{home{}};
    t.click("Go").click("Next").click("Next").restart();
    CHECK(t.text().contains("Visits: 1"));

    t.back();

    CHECK(t.text().contains("Visits: 0"));
}
