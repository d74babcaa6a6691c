#include "runtime/live/timer_queue.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::live;
using namespace std::chrono_literals;

namespace {

using ids = std::vector<std::string>;

/// A queue whose clocks move only by hand.
struct by_hand {
    time_point now = time_point(1000h);
    std::chrono::steady_clock::time_point steady = std::chrono::steady_clock::time_point(10h);
    clocks times{[this] { return now; }, [this] { return steady; }};
    ids told;
    timer_queue queue{
        times,
        [this](const ids& due) { told.insert(told.end(), due.begin(), due.end()); },
        timer_queue::watch::by_hand
    };

    void pass(std::chrono::milliseconds time) {
        now += time;
        steady += time;
    }
};

time_point real_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

TEST_CASE("a timer queue reports each due id once") {
    by_hand t;
    t.queue.set("early", t.now + 1s);
    t.queue.set("late", t.now + 2s);

    CHECK(t.queue.fire_due() == 0);
    t.pass(1s);
    CHECK(t.queue.fire_due() == 1);
    CHECK(t.told == ids{"early"});
    CHECK(t.queue.fire_due() == 0);
    t.pass(10s);
    CHECK(t.queue.fire_due() == 1);
    CHECK(t.told == ids{"early", "late"});
    CHECK(t.queue.size() == 0);
}

TEST_CASE("ids that are due together are reported in the order of their times") {
    by_hand t;
    t.queue.set("b", t.now + 2s);
    t.queue.set("c", t.now + 3s);
    t.queue.set("a", t.now + 1s);
    t.pass(5s);
    CHECK(t.queue.fire_due() == 3);
    CHECK(t.told == ids{"a", "b", "c"});
}

TEST_CASE("a new time for an id replaces the earlier one") {
    by_hand t;
    t.queue.set("moved", t.now + 1s);
    t.queue.set("moved", t.now + 5s);
    t.queue.set("called off", t.now + 1s);
    t.queue.set("called off", std::nullopt);
    t.queue.set("never was", std::nullopt);
    CHECK(t.queue.size() == 1);

    t.pass(2s);
    CHECK(t.queue.fire_due() == 0);
    t.pass(3s);
    CHECK(t.queue.fire_due() == 1);
    CHECK(t.told == ids{"moved"});
}

TEST_CASE("a clock that is set back delays no id") {
    by_hand t;
    t.queue.set("in a second", t.now + 1s);
    t.queue.set("in an hour", t.now + 1h);
    t.now -= 48h;
    CHECK(t.queue.fire_due() == 0);
    t.pass(1s);
    CHECK(t.queue.fire_due() == 1);
    t.queue.set("in two hours", t.now + 2h);
    t.pass(1h);
    CHECK(t.queue.fire_due() == 1);
    t.pass(1h);
    CHECK(t.queue.fire_due() == 1);
    CHECK(t.told == ids{"in a second", "in an hour", "in two hours"});
}

TEST_CASE("times that a clock set ahead has passed are due at once") {
    by_hand t;
    t.queue.set("in a day", t.now + 24h);
    t.queue.set("in two days", t.now + 48h);
    t.now += 25h;
    CHECK(t.queue.fire_due() == 1);
    CHECK(t.told == ids{"in a day"});
    t.pass(23h - 1ms);
    CHECK(t.queue.fire_due() == 0);
    t.pass(1ms);
    CHECK(t.queue.fire_due() == 1);
}

TEST_CASE("a time that is set while the clock is wrong keeps its delay") {
    by_hand t;
    t.now += 25h;
    CHECK(t.queue.fire_due() == 0);
    t.queue.set("in a minute", t.now + 1min);
    t.pass(11s);
    t.now -= 25h;
    t.pass(48s);
    CHECK(t.queue.fire_due() == 0);
    t.pass(1s);
    CHECK(t.queue.fire_due() == 1);
}

TEST_CASE("a time that is set during a report is kept") {
    by_hand t;
    int rounds = 0;
    timer_queue* self = nullptr;
    timer_queue queue(
        t.times,
        [&](const ids& due) {
            if (++rounds < 3) self->set(due.front(), t.now + 1s);
        },
        timer_queue::watch::by_hand
    );
    self = &queue;
    queue.set("a", t.now);
    for (int n = 0; n < 5; ++n, t.pass(1s))
        queue.fire_due();
    CHECK(rounds == 3);
}

TEST_CASE("the thread of a timer queue reports on time") {
    std::promise<ids> first;
    std::atomic<bool> is_told = false;
    const clocks times(real_now, std::chrono::steady_clock::now);
    timer_queue queue(
        times,
        [&](const ids& due) {
            if (!is_told.exchange(true)) first.set_value(due);
        },
        timer_queue::watch::by_thread
    );
    queue.set("in a year", real_now() + 24h * 365);
    queue.set("soon", real_now() + 5ms);  // the thread already waits for the later time
    auto told = first.get_future();
    REQUIRE(told.wait_for(60s) == std::future_status::ready);
    CHECK(told.get() == ids{"soon"});
    CHECK(queue.size() == 1);
}

TEST_CASE("a stopped timer queue reports nothing") {
    by_hand t;
    t.queue.set("a", t.now);
    t.queue.stop();
    t.queue.stop();
    CHECK(t.queue.fire_due() == 0);
    t.queue.set("b", t.now);
    CHECK(t.queue.fire_due() == 0);
    CHECK(t.told.empty());
}
