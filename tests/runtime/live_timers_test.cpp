#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/store/memory_store.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

/// Rings once after some time, or ticks every second.
struct alarm_clock {
    static constexpr std::string_view component = "live/alarm_clock";
    bool ticks = false;
    int rung = 0;
    std::string story;

    effects start() {
        if (ticks) return after<&alarm_clock::tick>(1s);
        return {};
    }

    void wakeup() { story += "woken "; }

    effects arm(int seconds) { return after<&alarm_clock::ring>(std::chrono::seconds(seconds)); }

    effects disarm() { return cancel<&alarm_clock::ring>(); }

    effects smash() { return after<&alarm_clock::burst>(1s); }

    effects shatter() { return after<&alarm_clock::splinter>(1s); }

    effects finish() { return end(); }

    void ring() {
        ++rung;
        story += "rung ";
    }

    effects tick() {
        ++rung;
        return after<&alarm_clock::tick>(1s);
    }

    void burst() { throw std::runtime_error("broken\nspring"); }

    void splinter() { throw 7; }

    markup render() const {
        return p(
            rung,
            button(on<"click", &alarm_clock::arm>(1), "arm"),
            button(on<"click", &alarm_clock::disarm>, "disarm"),
            button(on<"click", &alarm_clock::smash>, "smash"),
            button(on<"click", &alarm_clock::shatter>, "shatter"),
            button(on<"click", &alarm_clock::finish>, "finish")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    alarm_clock,
    (),
    (ticks,
     rung,
     story,
     start,
     wakeup,
     arm,
     disarm,
     smash,
     shatter,
     finish,
     ring,
     tick,
     burst,
     splinter)
)

effect::call an_alarm() {
    return call<alarm_clock>().release();
}

effect::call a_ticking_clock() {
    return call<alarm_clock>(true).release();
}

const alarm_clock& state(const std::shared_ptr<const conversation>& c) {
    return *static_cast<const alarm_clock*>(c->top().state.get());
}

int rung(world& w, const std::string& id) {
    return state(w.value(id)).rung;
}

void arm(world& w, const std::string& id, int seconds) {
    w.wait(w.send(id, w.to_top(id, "arm", "[" + std::to_string(seconds) + "]")));
}

}  // namespace

TEST_CASE("a timer fires when it is due and once") {
    world w;
    auto id = w.minted(an_alarm());
    auto page = std::make_shared<recorder>();
    arm(w, id, 5);
    w.wait(w.attach(id, 2, page));
    CHECK(w.map().counts().timers == 1);

    w.pass(4999ms);
    CHECK(rung(w, id) == 0);
    w.pass(1ms);
    CHECK(rung(w, id) == 1);
    CHECK(page->revisions() == std::vector<std::uint64_t>{3});
    CHECK(w.map().counts().timers == 0);
    CHECK(w.map().counts().timers_fired == 1);
    w.pass(1h);
    CHECK(rung(w, id) == 1);
}

TEST_CASE("a cancelled timer does not fire although it was due") {
    world w;
    auto id = w.minted(an_alarm());
    arm(w, id, 5);
    auto disarm = w.to_top(id, "disarm");

    w.advance(5s);
    w.store().close_gate();
    auto p = w.send(id, disarm);
    CHECK(w.map().fire_due() == 1);
    w.store().open_gate();
    auto r = w.wait(p);
    CHECK(rung(w, id) == 0);
    CHECK(w.value(id)->revision == r.value->revision);
    CHECK(w.map().counts().timers == 0);
}

TEST_CASE("an earlier timer fires first and a later one after it") {
    world w;
    auto id = w.minted(an_alarm());
    arm(w, id, 60);
    arm(w, id, 5);
    w.pass(5s);
    CHECK(rung(w, id) == 1);
    w.pass(54s);
    CHECK(rung(w, id) == 1);
    w.pass(1s);
    CHECK(rung(w, id) == 2);
}

TEST_CASE("a timer that sets itself again keeps firing") {
    world w;
    auto id = w.minted(a_ticking_clock());
    for (int n = 1; n <= 5; ++n) {
        w.pass(1s);
        CHECK(rung(w, id) == n);
    }
}

TEST_CASE("timers of many conversations that are due at once all fire") {
    world w;
    std::vector<std::string> all;
    for (int n = 0; n < 100; ++n)
        all.push_back(w.minted(a_ticking_clock()));
    w.pass(1s);
    for (const auto& each : all)
        CHECK(rung(w, each) == 1);
}

TEST_CASE("a conversation that has ended has no timers") {
    world w;
    auto id = w.minted(an_alarm());
    arm(w, id, 5);
    w.wait(w.send(id, w.to_top(id, "finish")));
    CHECK(w.map().counts().timers == 0);
    w.advance(5s);
    CHECK(w.map().fire_due() == 0);
}

TEST_CASE("a member that throws on its timer is logged and the timer is spent") {
    world w;
    auto id = w.minted(an_alarm());
    w.wait(w.send(id, w.to_top(id, "smash")));
    w.pass(1s);
    CHECK(rung(w, id) == 0);
    CHECK(w.log().find("spring") != std::string::npos);
    CHECK(w.map().counts().timers == 0);
}

TEST_CASE("a member that throws a value of another type is logged too and the timer is spent") {
    world w;
    auto id = w.minted(an_alarm());
    w.wait(w.send(id, w.to_top(id, "shatter")));

    w.pass(1s);

    CHECK(rung(w, id) == 0);
    CHECK(w.log().find("an exception that is not a std::exception") != std::string::npos);
    CHECK(w.map().counts().timers == 0);
}

TEST_CASE("a line break in an exception's text starts no line in the log") {
    world w;
    auto id = w.minted(an_alarm());
    w.wait(w.send(id, w.to_top(id, "smash")));

    w.pass(1s);

    CHECK(rung(w, id) == 0);
    CHECK(w.log().find(R"(why="broken\nspring")") != std::string::npos);
}

TEST_CASE("a timer whose turn cannot be saved is retried with backoff") {
    world w;
    auto id = w.minted(an_alarm());
    arm(w, id, 5);
    w.store().answer(answer_of_store::refused);
    w.store().answer(answer_of_store::refused);

    w.pass(5s);
    CHECK(rung(w, id) == 0);
    w.pass(999ms);
    CHECK(w.store().changes().size() == 2);
    w.pass(1ms);  // the second refusal
    CHECK(rung(w, id) == 0);
    w.pass(1999ms);
    CHECK(rung(w, id) == 0);
    w.pass(1ms);
    CHECK(rung(w, id) == 1);
    CHECK(w.map().counts().timers == 0);
}

TEST_CASE("a timer that is overdue after a restart fires once after the wakeup hook") {
    std::string id;
    std::shared_ptr<script> kept;
    {
        world before;
        id = before.minted(an_alarm());
        arm(before, id, 5);
        kept = after_restart(before.store());
    }
    world w(kept, {});
    w.advance(1h);
    w.map().load();
    CHECK(w.map().counts().timers == 1);
    CHECK(w.map().fire_due() == 1);
    CHECK(state(w.value(id)).story == "woken rung ");
    w.pass(1h);
    CHECK(rung(w, id) == 1);
}

TEST_CASE("a timer that is not due yet after a restart runs no wakeup hook") {
    std::string id;
    std::shared_ptr<script> kept;
    {
        world before;
        id = before.minted(an_alarm());
        arm(before, id, 5);
        kept = after_restart(before.store());
    }
    world w(kept, {});
    w.map().load();
    w.pass(4s);
    w.thread.run_all();
    CHECK(w.store().changes().empty());
    w.pass(1s);
    CHECK(state(w.value(id)).story == "woken rung ");
}

TEST_CASE("a timer that keeps firing does not keep a conversation from expiring") {
    world w([](conversation_options& o) {
        o.idle_timeout = 10min;
        o.unused_timeout = 1min;
    });
    auto looked = w.minted(a_ticking_clock()), used = w.minted(a_ticking_clock());
    w.wait(w.send(used, w.to_top(used, "disarm")));
    for (int n = 1; n <= 61; ++n) {
        w.pass(1s);
        CHECK(rung(w, used) == n);
    }
    rung(w, looked);
    CHECK(w.map().reap() == 1);
    CHECK(w.wait(w.open(looked)).result != status::ok);
    w.pass(9min);
    CHECK(rung(w, used) == 62);
    CHECK(w.map().reap() == 1);
    CHECK(w.wait(w.open(used)).result != status::ok);
    CHECK(w.map().counts().timers == 0);
}

TEST_CASE("no timer fires when the map has stopped") {
    world w;
    auto id = w.minted(an_alarm());
    arm(w, id, 5);
    w.map().stop();
    w.advance(5s);
    CHECK(w.map().fire_due() == 0);
}

TEST_CASE("a map that watches the clock fires timers on a thread of its own") {
    auto page = std::make_shared<recorder>();  // outlives the map
    queue_runner thread;
    conversation_map map(memory_store(), {});
    pending p, q;
    map.mint("/", a_ticking_clock(), "owner", "", thread, p.callback());
    REQUIRE(p.is_there());
    map.attach(p.replies->front().value->id, "owner", 1, page, thread, q.callback());
    while (!q.is_there())
        thread.run_one();
    CHECK(page->wait_for(1).front()->revision == 3);
}
