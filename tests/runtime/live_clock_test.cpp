#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

// The clock of the machine is set while the server runs, or between two runs.

using namespace stube;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

struct reminder {
    static constexpr std::string_view component = "clock/reminder";
    int rung = 0;
    int ticks = 0;

    effects set(int minutes) { return after<&reminder::ring>(std::chrono::minutes(minutes)); }

    effects begin_to_tick() { return after<&reminder::tick>(1min); }

    void ring() { ++rung; }

    effects tick() {
        ++ticks;
        return after<&reminder::tick>(1min);
    }

    void slip() { throw std::runtime_error("slipped"); }

    effects trip() { return after<&reminder::slip>(1min); }

    markup render() const {
        return p(
            rung,
            button(on<"click", &reminder::set>(1), "set"),
            button(on<"click", &reminder::begin_to_tick>, "tick"),
            button(on<"click", &reminder::trip>, "trip")
        );
    }
};
BOOST_DESCRIBE_STRUCT(reminder, (), (rung, ticks, set, begin_to_tick, ring, tick, slip, trip))

effect::call a_reminder() {
    return call<reminder>().release();
}

reminder state_of(world& w, const std::string& id) {
    return *static_cast<const reminder*>(w.value(id)->top().state.get());
}

/// A conversation with an event and without an open page.
std::string worked_on(world& w) {
    const auto id = w.minted(a_reminder());
    w.wait(w.send(id, w.to_top(id, "set", "[100000]")));
    return id;
}

/// Lets `time` pass and waits until everything due has run.
void pass(world& w, const std::string& id, std::chrono::milliseconds time) {
    w.pass(time);
    w.value(id);
}

}  // namespace

TEST_CASE("a clock that is 25 hours ahead for 11 seconds deletes nothing") {
    world w([](conversation_options& o) { o.grace_after_start = 10min; });
    const auto unused = w.minted(a_reminder());
    const auto used = worked_on(w);
    w.advance(11min);
    CHECK(w.map().reap() == 0);
    w.set_clock(25h);
    w.advance(11s);
    CHECK(w.map().reap() == 0);
    w.set_clock(-25h);
    CHECK(w.map().reap() == 0);
    w.advance(11min);
    CHECK(w.map().reap() == 0);
    CHECK(w.map().size() == 2);
    CHECK(w.log().find("the system clock was set by_ms=90000000") != std::string::npos);
    CHECK(w.log().find("the system clock was set by_ms=-90000000") != std::string::npos);
}

TEST_CASE("a clock that is set back two days delays no expiry") {
    world w;
    const auto id = worked_on(w);
    w.advance(1h);
    w.set_clock(-48h);
    w.advance(22h);
    CHECK(w.map().reap() == 0);
    w.advance(1h + 1ms);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("no conversation expires in the grace period after the clock was set") {
    for (const auto by : {std::chrono::milliseconds(25h), std::chrono::milliseconds(-48h)}) {
        CAPTURE(by.count());
        world w([](conversation_options& o) { o.grace_after_start = 10min; });
        worked_on(w);
        w.advance(25h);
        w.set_clock(by);
        CHECK(w.map().reap() == 0);
        w.advance(9min);
        CHECK(w.map().reap() == 0);
        w.advance(1min);
        CHECK(w.map().reap() == 1);
    }
}

TEST_CASE("a clock that is corrected in small steps starts no grace period") {
    world w([](conversation_options& o) { o.grace_after_start = 10min; });
    worked_on(w);
    w.advance(25h);
    w.set_clock(900ms);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("a clock that is set back delays no timer") {
    world w;
    const auto id = w.minted(a_reminder());
    w.wait(w.send(id, w.to_top(id, "begin_to_tick")));
    w.wait(w.send(id, w.to_top(id, "set", "[5]")));
    pass(w, id, 1min);
    w.set_clock(-48h);
    for (int minute = 0; minute < 4; ++minute)
        pass(w, id, 1min);
    CHECK(state_of(w, id).ticks == 5);
    CHECK(state_of(w, id).rung == 1);
}

TEST_CASE("a clock that is set ahead fires the timers it has passed and the others on time") {
    world w;
    const auto id = w.minted(a_reminder());
    w.wait(w.send(id, w.to_top(id, "set", "[60]")));
    w.wait(w.send(id, w.to_top(id, "set", "[3000]")));
    w.set_clock(25h);
    pass(w, id, 0ms);
    CHECK(state_of(w, id).rung == 1);
    pass(w, id, 25h - 1ms);
    CHECK(state_of(w, id).rung == 1);
    pass(w, id, 1ms);
    CHECK(state_of(w, id).rung == 2);
}

TEST_CASE("a timer that is set while the clock is wrong fires after its delay") {
    world w;
    const auto id = w.minted(a_reminder());
    w.set_clock(25h);
    w.wait(w.send(id, w.to_top(id, "set", "[1]")));
    w.advance(11s);
    w.set_clock(-25h);
    pass(w, id, 48s);
    CHECK(state_of(w, id).rung == 0);
    pass(w, id, 1s);
    CHECK(state_of(w, id).rung == 1);
}

TEST_CASE("a retry is not delayed by a clock that is set back") {
    world w;
    const auto id = w.minted(a_reminder());
    w.wait(w.send(id, w.to_top(id, "set", "[1]")));
    w.store().answer(answer_of_store::refused);
    pass(w, id, 1min);
    CHECK(state_of(w, id).rung == 0);
    w.set_clock(-48h);
    pass(w, id, 1s);
    CHECK(state_of(w, id).rung == 1);
}

// --- between two runs

TEST_CASE("time without a running server does not count as idle") {
    world first;
    const auto id = worked_on(first);
    first.stop();
    world w(after_restart(first.store()), [](conversation_options&) {});
    w.advance(100h);  // before the store is loaded
    w.map().load();
    CHECK(w.map().reap() == 0);
    w.advance(24h + 1ms);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("a start with a wrong clock deletes nothing") {
    for (const auto by : {std::chrono::milliseconds(25h), std::chrono::milliseconds(-48h)}) {
        CAPTURE(by.count());
        world first;
        worked_on(first);
        first.advance(1h);
        worked_on(first);
        first.stop();
        world w(after_restart(first.store()), {});
        w.set_clock(by);
        w.map().load();
        w.advance(22h);
        CHECK(w.map().reap() == 0);
        w.advance(2h + 1ms);
        CHECK(w.map().reap() == 2);
    }
}

TEST_CASE("a conversation used while the clock was wrong keeps its true age after a restart") {
    for (const auto by : {std::chrono::milliseconds(25h), std::chrono::milliseconds(-48h)}) {
        CAPTURE(by.count());
        world first;
        worked_on(first);
        first.set_clock(by);
        const auto meanwhile = worked_on(first);
        first.set_clock(-by);
        worked_on(first);
        first.stop();
        world w(after_restart(first.store()), {});
        w.map().load();
        w.advance(24h);
        CHECK(w.map().reap() == 0);
        w.advance(1ms);
        CHECK(w.map().reap() == 3);
    }
}
