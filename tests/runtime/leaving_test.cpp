#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct radio {
    static constexpr std::string_view component = "leaving/radio";
    int heard = 0;

    effects start() { return subscribe<&radio::hear>("news") + after<&radio::hear>(1h); }

    void hear() { ++heard; }

    effects turn_off() { return unsubscribe("news") + cancel<&radio::hear>(); }

    markup render() const {
        return p("heard ", heard, button(on<"click", &radio::turn_off>, "Off"));
    }
};
BOOST_DESCRIBE_STRUCT(radio, (), (heard, hear, turn_off))

struct home {
    static constexpr std::string_view component = "leaving/home";
    keyed<radio> radios;

    void buy() { radios.push_back(1, radio{}); }

    void sell() { radios.erase(1); }

    effects knock() { return send_to<&radio::hear>(radios.id(1)); }

    effects shout() { return publish("news", "fire"); }

    markup render() const {
        return div(
            ul(radios),
            button(on<"click", &home::buy>, "Buy"),
            button(on<"click", &home::sell>, "Sell"),
            button(on<"click", &home::knock>, "Knock"),
            button(on<"click", &home::shout>, "Shout")
        );
    }
};
BOOST_DESCRIBE_STRUCT(home, (), (radios, buy, sell, knock, shout))

struct orphan {
    static constexpr std::string_view component = "leaving/orphan";

    effects cry() { return send_up<&home::buy>(); }

    markup render() const { return p(button(on<"click", &orphan::cry>, "Cry")); }
};
BOOST_DESCRIBE_STRUCT(orphan, (), (cry))

using strings = std::vector<std::string>;

/// Logs its start and its stop. An eager one answers in its start hook.
struct executor {
    static constexpr std::string_view component = "leaving/executor";
    using answer_type = std::string;
    static inline std::vector<std::string> log;
    std::string name;
    bool eager = false;

    answers<std::string> start() {
        log.push_back("start " + name);
        if (eager) return answer(name);
        return {};
    }

    void stop() { log.push_back("stop " + name); }

    markup render() const { return li(name); }
};
BOOST_DESCRIBE_STRUCT(executor, (), (name, eager, start))

struct race {
    static constexpr std::string_view component = "leaving/race";
    keyed<executor> executors = keyed<executor>().then<&race::first>();

    void go() {
        executors.push_back("a", executor{"a"});
        executors.push_back("b", executor{"b", true});
        executors.push_back("c", executor{"c"});
    }

    void first(std::string) { executors.clear(); }

    markup render() const { return div(ul(executors), button(on<"click", &race::go>, "Go")); }
};
BOOST_DESCRIBE_STRUCT(race, (), (executors, go, first))

}  // namespace

TEST_CASE("subscriptions and timers leave with their component") {
    test_conversation t{home{}};
    t.click("Buy");
    CHECK(topics(t.value()) == strings{"news"});
    CHECK(next_due(t.value()) == t.now() + 1h);

    t.click("Sell");
    CHECK(topics(t.value()).empty());
    CHECK_FALSE(next_due(t.value()));
}

TEST_CASE("a component that unsubscribes and cancels gets no more messages and timers") {
    test_conversation t{home{}};
    t.click("Buy").click("Off");
    t.publish("news", "fire").advance(2h);
    CHECK(t.text().contains("heard 0"));
}

TEST_CASE("a message reaches all subscribers including the publisher's conversation") {
    test_conversation t{home{}};
    t.click("Buy").click("Shout");
    CHECK(t.published() == strings{"news [\"fire\"]"});
    CHECK(t.text().contains("heard 1"));
}

TEST_CASE("a message to an absent child is dropped") {
    test_conversation t{home{}};
    t.click("Knock");
    CHECK(t.last() == verdict::applied);
    t.click("Buy").click("Knock");
    CHECK(t.text().contains("heard 1"));
    t.click("Sell").click("Knock");
    CHECK(t.last() == verdict::applied);
}

TEST_CASE("a message up to a member that no component above has is an error and changes nothing") {
    test_conversation t{orphan{}};
    t.click("Cry");
    CHECK(t.failed());
    CHECK(
        t.error() ==
        "stube: leaving/orphan sends up to buy, but no component above it has that member"
    );
    CHECK(t.value().revision == 1);
}

TEST_CASE("a child that leaves before its start hook ran is not stopped") {
    executor::log.clear();
    test_conversation t{race{}};

    t.click("Go");

    CHECK(executor::log == std::vector<std::string>{"start a", "start b", "stop a", "stop b"});
}
