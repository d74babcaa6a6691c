#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

/// Begins with a timer, a subscription, a message and work.
struct eager {
    static constexpr std::string_view component = "unseen/eager";
    inline static std::atomic<int> worked = 0;
    inline static std::atomic<int> stopped = 0;
    int ticks = 0;
    int clicks = 0;
    std::string story;

    effects start() {
        return after<&eager::tick>(1s) + subscribe<&eager::hear>("news") +
               publish("arrivals", "one more") + run<&eager::ready>([] {
                                                     ++worked;
                                                     return 7;
                                                 }).or_else<&eager::failed>();
    }

    void stop() { ++stopped; }

    effects tick() {
        ++ticks;
        return after<&eager::tick>(1s);
    }

    void hear(std::string what) { story += what + " "; }

    void ready(int number) { story += "worked " + std::to_string(number) + " "; }

    void failed(const failure& why) { story += why.message + " "; }

    void click() { ++clicks; }

    markup render() const { return p(ticks, story, button(on<"click", &eager::click>, "click")); }
};
BOOST_DESCRIBE_STRUCT(eager, (), (ticks, clicks, story, tick, hear, ready, failed, click))

/// Counts the arrivals that are published.
struct porter {
    static constexpr std::string_view component = "unseen/porter";
    int arrivals = 0;

    effects start() { return subscribe<&porter::note>("arrivals"); }

    void note(const std::string&) { ++arrivals; }

    markup render() const { return p(arrivals); }
};
BOOST_DESCRIBE_STRUCT(porter, (), (arrivals, note))

struct leaflet {
    static constexpr std::string_view component = "unseen/leaflet";

    markup render() const { return p("Read this"); }
};
BOOST_DESCRIBE_STRUCT(leaflet, (), ())

effect::call an_eager_page() {
    return call<eager>().release();
}

const eager& eager_of(const std::shared_ptr<const conversation>& c) {
    return *static_cast<const eager*>(c->top().state.get());
}

int arrivals_at(world& w, const std::string& id) {
    return static_cast<const porter*>(w.value(id)->top().state.get())->arrivals;
}

/// The number of saved changes of one conversation.
std::size_t saves_of(world& w, const std::string& id) {
    const auto all = w.store().changes();
    return static_cast<std::size_t>(std::ranges::count(all, id, &change::id));
}

/// Waits until the result of the work has been applied.
void wait_for_work(world& w, const std::string& id) {
    while (eager_of(w.value(id)).story.find("worked") == std::string::npos)
        std::this_thread::yield();
    w.thread.run_all();
}

}  // namespace

TEST_CASE("a page that is never opened begins no timer and no work") {
    world w;
    eager::worked = 0;
    const auto door = w.minted(call<porter>().release());
    const auto id = w.unseen(an_eager_page());
    w.map().publish("news", R"(["rain"])");
    for (int second = 0; second < 100; ++second) {
        w.pass(1s);
        w.thread.run_all();
    }
    CHECK(saves_of(w, id) == 1);
    CHECK(w.map().counts().timers == 0);
    CHECK(w.map().counts().topics == 1);  // the porter's
    CHECK(w.map().counts().work_running + w.map().counts().work_done == 0);
    CHECK(eager::worked == 0);
    CHECK(arrivals_at(w, door) == 0);
}

TEST_CASE("12000 unseen pages with timers and subscriptions make no turns") {
    world w([](conversation_options& o) { o.max_per_owner = 100'000; });
    for (int visitor = 0; visitor < 12'000; ++visitor)
        w.unseen(an_eager_page(), "visitor " + std::to_string(visitor));
    const auto saved = w.store().changes().size();
    w.map().publish("news", R"(["rain"])");
    w.pass(10s);
    w.thread.run_all();
    CHECK(w.store().changes().size() == saved);
    CHECK(w.map().counts().timers_fired == 0);
    CHECK(w.map().counts().messages_delivered == 0);
}

TEST_CASE("a stream or an event or a reload starts the timers and work of a page") {
    for (const std::string how : {"stream", "event", "look"}) {
        CAPTURE(how);
        world w;
        const auto door = w.minted(call<porter>().release());
        const auto id = w.unseen(an_eager_page());
        if (how == "stream") w.wait(w.attach(id, 1, std::make_shared<recorder>()));
        if (how == "event") w.wait(w.send(id, {7, 1, "click", "", {}}));
        if (how == "look") w.wait(w.open(id));
        w.pass(1s);
        wait_for_work(w, id);
        CHECK(eager_of(w.value(id)).ticks == 1);
        CHECK(eager_of(w.value(id)).story == "worked 7 ");
        w.map().publish("news", R"(["rain"])");
        CHECK(eager_of(w.value(id)).story == "worked 7 rain ");
        CHECK(arrivals_at(w, door) == 1);
    }
}

TEST_CASE("a page shows the messages that were published before it was opened") {
    world w;
    w.unseen(an_eager_page());  // messages are kept for each unseen page
    const auto id = w.unseen(an_eager_page());
    w.map().publish("news", R"(["first"])");
    w.map().publish("weather", R"(["not subscribed"])");
    w.map().publish("news", R"(["second"])");
    const auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    w.map().publish("news", R"(["third"])");
    wait_for_work(w, id);
    const auto story = eager_of(w.value(id)).story;
    CHECK(story.find("first second") != std::string::npos);
    CHECK(story.find("third") > story.find("second"));
    CHECK(page->told().back()->revision == w.value(id)->revision);
}

TEST_CASE("the latest messages to an unseen page are kept up to a limit and lost ones are logged") {
    world w([](conversation_options& o) { o.max_messages = 2; });
    const auto id = w.unseen(an_eager_page());
    for (const auto* each : {R"(["a"])", R"(["b"])", R"(["c"])"})
        w.map().publish("news", each);
    w.wait(w.open(id));
    wait_for_work(w, id);
    CHECK(eager_of(w.value(id)).story.find("a ") == std::string::npos);
    CHECK(eager_of(w.value(id)).story.find("b c ") != std::string::npos);
    CHECK(w.log().find("messages lost conversation=" + id) != std::string::npos);
}

TEST_CASE("the page that is opened has seen the revision that its opening makes") {
    world w;
    const auto id = w.unseen(an_eager_page());
    const auto page = std::make_shared<recorder>();
    const auto r = w.wait(w.attach(id, 1, page));
    CHECK(r.value->revision == 2);
    CHECK(r.news == nullptr);
    CHECK(page->told().empty());
}

TEST_CASE("a page whose opening cannot be saved begins nothing") {
    world w;
    const auto id = w.unseen(an_eager_page());
    w.store().answer(answer_of_store::refused);
    CHECK(w.wait(w.attach(id, 1, std::make_shared<recorder>())).result == status::not_saved);
    CHECK(w.map().counts().timers == 0);
    CHECK(w.wait(w.attach(id, 1, std::make_shared<recorder>())).result == status::ok);
    CHECK(w.map().counts().timers == 1);
}

TEST_CASE("a page without timers and subscriptions is opened without a save") {
    world w;
    const auto id = w.unseen(call<leaflet>().release());
    CHECK(w.wait(w.attach(id, 1, std::make_shared<recorder>())).value->revision == 1);
    CHECK(saves_of(w, id) == 1);
}

TEST_CASE("a page that was never opened has still not begun after a restart") {
    for (const bool in_parts : {true, false}) {
        CAPTURE(in_parts);
        world first;
        first.store().parts = in_parts;
        const auto id = first.unseen(an_eager_page());
        first.stop();

        world w(after_restart(first.store()), {});
        w.map().load();
        w.pass(100s);
        w.map().publish("news", R"(["rain"])");
        w.thread.run_all();
        CHECK(w.store().changes().empty());
        CHECK(w.map().counts().timers == 0);

        w.wait(w.open(id));
        w.thread.run_all();
        const auto value = w.value(id);
        CHECK(eager_of(value).story == "rain This was interrupted by a restart. ");
        CHECK(w.map().counts().timers == 1);
    }
}

TEST_CASE("a page that was opened continues after a restart") {
    for (const std::string how : {"stream", "event"}) {
        for (const bool in_parts : {true, false}) {
            CAPTURE(how);
            CAPTURE(in_parts);
            world first;
            first.store().parts = in_parts;
            const auto id = first.unseen(an_eager_page());
            if (how == "stream") first.wait(first.attach(id, 1, std::make_shared<recorder>()));
            if (how == "event") first.wait(first.send(id, {7, 1, "click", "", {}}));
            first.stop();

            world w(after_restart(first.store()), {});
            w.map().load();
            CHECK(w.map().counts().timers == 1);
            CHECK(w.map().counts().topics == 1);
            w.pass(1s);
            w.thread.run_all();
            CHECK(eager_of(w.value(id)).ticks == 1);
        }
    }
}

TEST_CASE("a page that expires unseen has begun nothing and is stopped once") {
    world w([](conversation_options& o) { o.unused_timeout = 1min; });
    eager::worked = 0;
    eager::stopped = 0;
    const auto door = w.minted(call<porter>().release());
    w.wait(w.attach(door, 2, std::make_shared<recorder>()));
    w.unseen(an_eager_page());
    w.advance(2min);
    CHECK(w.map().reap() == 1);
    w.stop();
    CHECK(w.map().size() == 1);
    CHECK(eager::stopped == 1);
    CHECK(eager::worked == 0);
    CHECK(w.map().counts().messages_delivered == 0);
}
