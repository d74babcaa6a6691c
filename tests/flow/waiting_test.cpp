#include "flow/steps.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

using namespace flow_test;
using namespace std::chrono_literals;

namespace {

int sum(int left, int right) {
    return left + right;
}

class card_refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

void refuse(const std::string& card) {
    throw card_refused(card);
}

struct ledger {
    int total = 0;

    int add(int amount) { return total += amount; }
};

flow<> adding(int left) {
    int all = co_await run(sum, left, 2);
    co_await call<ask>("The sum is " + std::to_string(all));
}

flow<> measuring() {
    std::string text = "four";
    auto length = co_await run([](const std::string& of) { return of.size(); }, text);
    auto owned = std::make_unique<int>(7);
    int number = co_await run([](std::unique_ptr<int> of) { return *of; }, std::move(owned));
    co_await run([] {});
    co_await call<ask>(std::to_string(length) + " and " + std::to_string(number));
}

flow<> booking_in(std::reference_wrapper<ledger> of) {
    int total = co_await run(&ledger::add, of, 5);
    co_await call<ask>("Total " + std::to_string(total));
}

flow<> paying() {
    std::string received;
    try {
        co_await run(refuse, "1234");
    } catch (const card_refused& e) {
        received = std::string("refused ") + e.what();
    }
    co_await call<ask>(received);
}

flow<> failing_work() {
    co_await run(refuse, "1234");
}

flow<> patient() {
    co_await call<ask>("Ready?");
    co_await sleep(30s);
    co_await sleep(10s).showing(html::p("Nearly there."));
    co_await call<ask>("Slept");
}

flow<> busy() {
    co_await run([] {}).showing(html::p("Searching for rooms."));
}

/// Its start hook throws.
struct closed {
    static constexpr std::string_view component = "waiting/closed";

    void start() { throw std::runtime_error("no database"); }

    markup render() const { return html::p("open"); }
};
BOOST_DESCRIBE_STRUCT(closed, (), (start))

flow<> stopped_after_work() {
    co_await run([] {});
    co_await call<closed>();
}

flow<> stopped_after_sleep() {
    co_await sleep(1s);
    co_await call<closed>();
}

flow<> emitting() {
    co_await (set_title("First") + client_event("flow:begun"));
    co_await publish("news", std::string("one"));
    co_await call<ask>("Title set");
    const auto more = publish("news", std::string("two"));
    co_await more;
    co_await call<ask>("Told");
}

flow<> leaving(std::string how) {
    co_await publish("news", how);
    if (how == "end") co_await end(html::p("That is all."));
    if (how == "fail") co_await fail("No rooms left.");
    if (how == "become") co_await become<ask>("I was a flow");
    co_await call<ask>("never shown");
}

flow<> awaiting_the_senseless() {
    std::string said;
    try {
        co_await back();
    } catch (const std::logic_error& e) {
        said = e.what();
    }
    try {
        co_await subscribe<&ask::say>("news");
    } catch (const std::logic_error& e) {
        said += std::string(" | ") + e.what();
    }
    co_await call<ask>(said);
}

flow<> without_end() {
    for (;;)
        co_await set_title("again");
}

flow<> looking_around() {
    auto here = co_await this_conversation();
    co_await call<ask>("Who?");
    here.app<ledger>().add(1);
    auto later = co_await this_conversation();
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(later.now() - here.now());
    co_await call<ask>(
        here.principal().name + " after " + std::to_string(passed.count()) + " s, total " +
        std::to_string(later.app<ledger>().total)
    );
}

test_conversation& say(test_conversation& t, const std::string& text = {}) {
    return t.send<&ask::say>(text);
}

}  // namespace

TEST_CASE("a flow that cannot continue after work or sleep ends with a message") {
    test_conversation after_work{call<stopped_after_work>()};
    after_work.run_work();
    CHECK(after_work.ended());
    CHECK(after_work.text().contains("This could not be continued. Please start again."));
    CHECK(after_work.error() == "no database");

    test_conversation after_sleep{call<stopped_after_sleep>()};
    CHECK(after_sleep.text().contains("One moment, please."));
    after_sleep.advance(2s);
    CHECK(after_sleep.ended());
    CHECK(after_sleep.text().contains("This could not be continued. Please start again."));
    CHECK(after_sleep.error() == "no database");
}

TEST_CASE("co_await run returns the result of the background work") {
    test_conversation t{call<adding>(3)};
    CHECK(t.waiting_work() == 1);
    CHECK(t.text().contains("One moment, please."));

    t.run_work();

    CHECK(t.text().contains("The sum is 5"));
}

TEST_CASE("work is a function or a lambda without captures and gets copies of its arguments") {
    test_conversation t{call<measuring>()};

    t.run_work().run_work().run_work();

    CHECK(t.text().contains("4 and 7"));
}

TEST_CASE("work can be a member of an object that outlives all conversations") {
    ledger books;
    test_conversation t{call<booking_in>(std::ref(books))};

    t.run_work();

    CHECK(t.text().contains("Total 5"));
    CHECK(books.total == 5);
}

TEST_CASE("an exception from work arrives in the flow as it was thrown") {
    test_conversation t{call<paying>()};

    t.run_work();

    CHECK(t.text().contains("refused 1234"));
}

TEST_CASE("an uncaught exception from work ends the flow and its text stays in the log") {
    test_conversation t{call<failing_work>()};

    t.run_work();

    CHECK(t.ended());
    CHECK(t.text().contains("This could not be completed."));
    CHECK(t.error() == "1234");
}

TEST_CASE("a flow sleeps by the clock of the test") {
    test_conversation t{call<patient>()};
    say(t);
    CHECK(t.text().contains("One moment, please."));

    t.advance(29s);
    CHECK(t.text().contains("One moment, please."));
    t.advance(1s);
    CHECK(t.text() == "Nearly there.");
    t.advance(10s);

    CHECK(t.text().contains("Slept"));
}

TEST_CASE("a waiting flow shows the markup that it was given with showing") {
    test_conversation t{call<busy>()};
    CHECK(t.text() == "Searching for rooms.");
}

TEST_CASE("effects that a flow awaits are carried out in order when the flow waits") {
    test_conversation t{call<emitting>()};
    CHECK(t.title() == "First");
    CHECK(t.client_events() == std::vector<std::string>{"flow:begun null"});
    CHECK(t.published() == std::vector<std::string>{"news [\"one\"]"});

    say(t);

    CHECK(t.text().contains("Told"));
    CHECK(t.published().back() == "news [\"two\"]");
}

TEST_CASE("a flow can leave by end or fail or become") {
    test_conversation ended{call<leaving>(std::string("end"))};
    CHECK(ended.ended());
    CHECK(ended.text() == "That is all.");

    test_conversation failed{call<leaving>(std::string("fail"))};
    CHECK(failed.ended());
    CHECK(failed.text().contains("No rooms left."));
    CHECK(failed.published() == std::vector<std::string>{"news [\"fail\"]"});

    test_conversation became{call<leaving>(std::string("become"))};
    CHECK(became.text().contains("I was a flow"));
    CHECK(became.value().durable());
}

TEST_CASE("awaiting an effect that a flow cannot have throws in the flow") {
    test_conversation t{call<awaiting_the_senseless>()};
    CHECK(t.text().contains("a flow cannot be rewound"));
    CHECK(t.text().contains("a flow has no members"));
}

TEST_CASE("a flow that emits effects without end is stopped") {
    test_conversation t{call<without_end>()};
    CHECK(t.ended());
    CHECK(t.error() == "stube: a flow emits effects endlessly and never waits");
}

TEST_CASE("a flow can get its context and keep it") {
    ledger books;
    test_conversation t{call<looking_around>()};
    t.provide(books).principal("ada");
    CHECK(t.text().contains("Who?"));

    t.advance(3s);
    say(t);

    CHECK(t.text().contains("ada after 3 s, total 1"));
}
