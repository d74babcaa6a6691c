#include "flow/steps.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace flow_test;

namespace {

flow<std::string> full_name(std::string greeting) {
    auto first = co_await call<ask>(greeting + " First?");
    auto last = co_await call<ask>(greeting + " Last?");
    co_return first + " " + last;
}

flow<> nothing_to_do() {
    co_return;
}

flow<> giving_up() {
    co_await call<ask>("Shall I fail?");
    co_await fail("I gave up.");
}

/// Has a flow in a slot.
struct reception {
    static constexpr std::string_view component = "test/reception";

    int visitors = 0;
    std::string received;
    slot<flow_of<full_name>> desk =
        slot<flow_of<full_name>>(flow_of<full_name>("Hello")).then<&reception::named>();

    void named(std::string name) { received = std::move(name); }

    void next() {
        desk = slot<flow_of<full_name>>(flow_of<full_name>("Again")).then<&reception::named>();
    }

    void count() { ++visitors; }

    markup render() const {
        using namespace html;
        return div(
            p("Heard: ", received, " of ", visitors),
            desk,
            button(on<"click", &reception::next>, "Next"),
            button(on<"click", &reception::count>, "Count")
        );
    }
};
BOOST_DESCRIBE_STRUCT(reception, (), (visitors, received, desk, named, next, count))

struct pair_of_slots {
    static constexpr std::string_view component = "test/pair_of_slots";

    slot<flow_of<nothing_to_do>> first;
    slot<flow_of<giving_up>> second;
    std::string last;

    markup render() const { return html::div("Slots: ", first, second, last); }
};
BOOST_DESCRIBE_STRUCT(pair_of_slots, (), (first, second, last))

/// Has a list with a flow for each number.
struct queue {
    static constexpr std::string_view component = "test/queue";

    keyed<flow_of<full_name>> open = keyed<flow_of<full_name>>().then<&queue::named>();
    std::string received;

    void take(std::vector<int> numbers) {
        auto same = [](int number) { return number; };
        open.assign(numbers, same, [](int number) {
            return flow_of<full_name>("No. " + std::to_string(number));
        });
    }

    void named(std::string name) { received = std::move(name); }

    markup render() const {
        using namespace html;
        return div(
            p("Heard: ", received),
            ul(open),
            button(on<"click", &queue::take>(std::vector<int>{}), "Take")
        );
    }
};
BOOST_DESCRIBE_STRUCT(queue, (), (open, received, take, named))

struct hurried {
    static constexpr std::string_view component = "test/hurried";

    effects start() { return become<full_name>("Now."); }
};
BOOST_DESCRIBE_STRUCT(hurried, (), (start))

}  // namespace

TEST_CASE("the owner of a slot gets the answer of the flow in it") {
    test_conversation t{reception{}};
    CHECK(t.text().contains("Hello First?"));

    t.send<&ask::say>(std::string("Ada")).click("Count");
    CHECK(t.text().contains("Hello Last?"));
    t.send<&ask::say>(std::string("Lovelace"));

    CHECK(t.text().contains("Heard: Ada Lovelace of 1"));
}

TEST_CASE("a finished flow leaves its slot empty and its conversation durable") {
    test_conversation t{reception{}};
    CHECK_FALSE(t.value().durable());
    t.send<&ask::say>(std::string("Ada")).send<&ask::say>(std::string("Lovelace"));

    CHECK_FALSE(t.text().contains("?"));
    CHECK(t.value().durable());
    t.restart();
    CHECK(t.text().contains("Heard: Ada Lovelace of 0"));
}

TEST_CASE("the owner of a slot can put another flow into it") {
    test_conversation t{reception{}};
    t.send<&ask::say>(std::string("Ada"));

    t.click("Next");

    CHECK(t.text().contains("Again First?"));
    CHECK_FALSE(t.text().contains("Hello"));
    CHECK(t.value().instances.size() == 3);
}

TEST_CASE("a flow in a slot may end at once or fail without a handler") {
    test_conversation t{pair_of_slots{}};
    CHECK(t.text().contains("Shall I fail?"));

    t.send<&ask::say>(std::string());

    CHECK(t.notices() == std::vector<std::string>{"I gave up."});
    CHECK_FALSE(t.text().contains("Shall I fail?"));
    CHECK(t.value().durable());
}

TEST_CASE("a flow in a list continues when the list is assigned again") {
    test_conversation t{queue{}};
    t.send<&queue::take>(std::vector<int>{1, 2});
    t.within("No. 2").send<&ask::say>(std::string("Grace"));
    CHECK(t.text().contains("No. 1 First?"));
    CHECK(t.text().contains("No. 2 Last?"));

    t.send<&queue::take>(std::vector<int>{3, 2});
    CHECK_FALSE(t.text().contains("No. 1"));
    CHECK(t.text().contains("No. 3 First?"));
    CHECK(t.text().contains("No. 2 Last?"));

    t.within("No. 2").send<&ask::say>(std::string("Hopper"));
    CHECK(t.text().contains("Heard: Grace Hopper"));
}

TEST_CASE("a component can become a flow") {
    test_conversation t{hurried{}};
    CHECK(t.text().contains("Now. First?"));
    CHECK(t.value().stack().size() == 2);
}

TEST_CASE("a call of a flow that is used in two conversations begins only in the first") {
    const auto root = call<full_name>("Hello").release();
    driver first(root);
    driver second(root);

    CHECK(second.ended());
    first.say("Ada");
    CHECK(contains(first.page(), "Hello Last?"));
}
