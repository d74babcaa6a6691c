#include "flow/steps.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

using namespace flow_test;

namespace {

/// Counts its living objects.
struct counted {
    static inline int alive = 0;

    counted() { ++alive; }

    counted(const counted&) { ++alive; }

    ~counted() { --alive; }
};

flow<std::string> greet(std::string greeting) {
    auto first = co_await call<ask>("First name?");
    auto last = co_await call<ask>("Last name of " + first + "?");
    co_return greeting + " " + first + " " + last;
}

flow<> until_done() {
    std::vector<std::string> all;
    for (;;) {
        auto next = co_await call<ask>("Item " + std::to_string(all.size() + 1) + "?");
        if (next == "done") break;
        all.push_back(next);
    }
    co_await call<ask>("Kept " + std::to_string(all.size()) + ", last " + all.back());
}

flow<> forgiving() {
    std::string received;
    try {
        received = co_await call<ask>("Try me");
    } catch (const call_failed& why) {
        received = std::string("caught ") + why.what();
    }
    co_await call<ask>(received);
}

flow<> throwing() {
    co_await call<ask>("Before");
    throw std::runtime_error("the database password is wrong");
}

flow<> with_locals() {
    counted outer;
    for (int round = 0; round < 2; ++round) {
        counted inner;
        co_await call<ask>("Round " + std::to_string(round));
    }
}

flow<> nested() {
    auto name = co_await call<greet>(std::string("Hello"));
    co_await call<ask>(name);
}

struct cannot_begin {
    static constexpr std::string_view component = "test/cannot_begin";

    void start() { throw std::runtime_error("no database"); }

    markup render() const { return html::p(); }
};
BOOST_DESCRIBE_STRUCT(cannot_begin, (), (start))

flow<> into_trouble() {
    co_await call<ask>("Go on?");
    co_await call<cannot_begin>();
}

flow<> until_it_works() {
    for (int tries = 1;; ++tries) {
        try {
            auto said = co_await call<ask>("Try " + std::to_string(tries));
            co_await call<ask>("Got " + said);
            co_return;
        } catch (const call_failed& why) {
            if (why.why().message == "never") throw;
        }
    }
}

/// Its destructor throws.
struct bomb {
    bomb() {}

    ~bomb() noexcept(false) { throw std::runtime_error("the destructor"); }
};

flow<> exploding() {
    try {
        bomb local;
    } catch (const std::runtime_error& e) {
        throw std::runtime_error(std::string("caught ") + e.what());
    }
    co_return;
}

/// A component that calls a flow and shows its result.
struct desk {
    static constexpr std::string_view component = "test/desk";

    std::string received;

    effects welcome() { return call<greet>(std::string("Welcome")).then<&desk::greeted>(); }

    effects risk() { return call<throwing>().then<&desk::done>().or_else<&desk::failed>(); }

    void greeted(std::string text) { received = text; }

    void done() { received = "done"; }

    void failed(failure why) { received = "failed: " + why.message; }

    markup render() const {
        using namespace html;
        return div(
            received,
            button(on<"click", &desk::welcome>, "Welcome"),
            button(on<"click", &desk::risk>, "Risk")
        );
    }
};
BOOST_DESCRIBE_STRUCT(desk, (), (received, welcome, risk, greeted, done, failed))

driver desk_after(const std::string& member) {
    driver d(call<desk>().release());
    event what;
    what.instance = d.now.top().id;
    what.name = member;
    d.last = dispatch(d.now, what, d.env);
    d.now = d.last.next;
    return d;
}

}  // namespace

TEST_CASE("a flow gets the answers of the components it awaits") {
    driver d(call<until_done>().release());
    CHECK(contains(d.page(), "Item 1?"));

    d.say("milk");
    CHECK(contains(d.page(), "Item 2?"));
    d.say("bread").say("done");

    CHECK(contains(d.page(), "Kept 2, last bread"));
}

TEST_CASE("a flow at the root that returns ends the conversation") {
    driver d(call<until_done>().release());

    d.say("milk").say("done").say("");

    CHECK(d.ended());
}

TEST_CASE("a component gets the value that the flow it called returns") {
    auto d = desk_after("welcome");
    CHECK(contains(d.page(), "First name?"));

    d.say("Ada");
    CHECK(contains(d.page(), "Last name of Ada?"));
    d.say("Lovelace");

    CHECK(contains(d.page(), "Welcome Ada Lovelace"));
    CHECK(d.now.stack().size() == 1);
}

TEST_CASE("a flow can call another flow") {
    driver d(call<nested>().release());
    CHECK(d.now.stack().size() == 3);

    d.say("Ada").say("Lovelace");

    CHECK(contains(d.page(), "Hello Ada Lovelace"));
    CHECK(d.now.stack().size() == 2);
}

TEST_CASE("the failure of a child arrives as an exception that a try across the await catches") {
    driver d(call<forgiving>().release());

    d.send("give_up", "no time");

    CHECK(contains(d.page(), "caught no time"));
}

TEST_CASE("a failure that a flow does not catch reaches its caller") {
    auto d = desk_after("risk");

    d.send("give_up", "no time");

    CHECK(contains(d.page(), "failed: no time"));
}

TEST_CASE("an exception that leaves a flow ends it as a failure and its text stays in the log") {
    auto d = desk_after("risk");

    d.say("");

    CHECK(contains(d.page(), "failed: This could not be completed."));
    CHECK_FALSE(contains(d.page(), "password"));
    CHECK(d.last.error == "the database password is wrong");
}

TEST_CASE("the locals of a flow that runs to its end are destroyed once") {
    {
        driver d(call<with_locals>().release());
        CHECK(counted::alive == 2);
        d.say("");
        CHECK(counted::alive == 2);
        d.say("");
        CHECK(d.ended());
    }
    CHECK(counted::alive == 0);
}

TEST_CASE("the locals of a flow whose conversation is dropped at an await are destroyed once") {
    {
        driver d(call<with_locals>().release());
        d.say("");
        CHECK(counted::alive == 2);
    }
    CHECK(counted::alive == 0);
}

TEST_CASE("the locals of a flow whose child ends the conversation are destroyed once") {
    {
        driver d(call<with_locals>().release());
        d.send("leave_all");
        CHECK(d.ended());
    }
    CHECK(counted::alive == 0);
}

TEST_CASE("a call of a flow may be dropped before it begins") {
    {
        auto request = call<greet>(std::string(100, 'x'));
    }
    CHECK(counted::alive == 0);
}

TEST_CASE("an older version of a conversation cannot resume a flow that has advanced") {
    driver d(call<until_done>().release());
    auto before = d.now;
    d.say("milk");

    event again;
    again.instance = before.top().id;
    again.name = "say";
    again.arguments = "[\"bread\"]";
    auto late = dispatch(before, again, d.env);

    CHECK(late.verdict == verdict::ended);
    CHECK(contains(std::string(late.patches.front().content.text()), "could not be continued"));
}

TEST_CASE("a flow has the name of its function") {
    CHECK(contains(std::string(function_component<until_done>::type().name), "until_done"));
    CHECK_FALSE(function_component<until_done>::type().durable());
}

TEST_CASE("a flow may repeat a failed call or fail itself") {
    driver d(call<until_it_works>().release());
    d.send("give_up", "not yet").send("give_up", "not yet");
    CHECK(contains(d.page(), "Try 3"));
    d.say("it").say("");
    CHECK(d.ended());
    CHECK(contains(d.page(), "Finished"));

    driver other(call<until_it_works>().release());
    other.send("give_up", "never");
    CHECK(other.ended());
    CHECK(contains(other.page(), "never"));
}

TEST_CASE("a flow cannot continue after a component that it called could not begin") {
    driver d(call<into_trouble>().release());

    d.say("");
    CHECK(d.last.verdict == verdict::failed);
    CHECK(d.last.error == "no database");

    d.say("");
    CHECK(d.ended());
    CHECK(contains(d.page(), "This could not be continued. Please start again."));
}

TEST_CASE("a destructor that throws within a flow is an exception like any other") {
    driver d(call<exploding>().release());

    CHECK(d.ended());
    CHECK(d.last.error == "caught the destructor");
}
