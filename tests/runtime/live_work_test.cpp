#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

/// Holds the work of a test until the test lets it go on.
class printer {
public:
    void hold() {
        std::lock_guard lock(mutex_);
        is_open_ = false;
    }

    void go_on() {
        std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }

    std::string print(const std::string& text) {
        std::unique_lock lock(mutex_);
        ++begun_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return is_open_; });
        if (text == "jam") throw std::runtime_error("paper jam");
        return "printed " + text;
    }

    void wait_for(int begun) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return begun_ >= begun; });
    }

    int begun() {
        std::lock_guard lock(mutex_);
        return begun_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = true;
    int begun_ = 0;
};

using printer_ptr = std::shared_ptr<printer>;

struct office {
    static constexpr std::string_view component = "live/office";
    std::string story;

    effects print(context& c, std::string text) {
        return run<&office::ready>([to = c.app<printer_ptr>(), text] { return to->print(text); }
        ).or_else<&office::failed>();
    }

    effects print_and_throw(context& c) {
        static_cast<void>(print(c, "nothing"));
        throw std::runtime_error("spilt coffee");
    }

    effects print_unwatched(context& c) {
        return run<&office::ready>([to = c.app<printer_ptr>()] { return to->print("jam"); });
    }

    effects finish(context& c) { return print(c, "last will") + end(); }

    void ready(std::string what) { story += what + ";"; }

    void failed(failure why) { story += why.message + ";"; }

    markup render() const {
        if (story.find("unreadable") != std::string::npos) throw 7;
        return p(
            story,
            button(on<"click", &office::print>(""), "print"),
            button(on<"click", &office::print_and_throw>, "throw"),
            button(on<"click", &office::print_unwatched>, "unwatched"),
            button(on<"click", &office::finish>, "finish")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    office,
    (),
    (story, print, print_and_throw, print_unwatched, finish, ready, failed)
)

/// Prints in its start hook.
struct press {
    static constexpr std::string_view component = "live/press";
    std::string story;

    effects start(context& c) {
        return run<&press::ready>([to = c.app<printer_ptr>()] { return to->print("the news"); }
        ).or_else<&press::failed>();
    }

    effects wakeup(context& c) { return start(c); }

    void ready(std::string what) { story += what + ";"; }

    void failed(failure why) { story += why.message + ";"; }

    markup render() const { return p(story); }
};
BOOST_DESCRIBE_STRUCT(press, (), (story, start, wakeup, ready, failed))

/// A world with a printer.
struct printing {
    printer_ptr machine = std::make_shared<printer>();
    world w;

    explicit printing(std::function<void(conversation_options&)> setup = {})
        : printing(std::make_shared<script>(), std::move(setup)) {}

    printing(std::shared_ptr<script> told, std::function<void(conversation_options&)> setup)
        : w(std::move(told), [this, setup](conversation_options& o) {
              o.app.add(machine);
              if (setup) setup(o);
          }) {}

    ~printing() { machine->go_on(); }

    std::string office_id() { return w.minted(call<office>().release()); }

    pending print(const std::string& id, const std::string& text) {
        return w.send(id, w.to_top(id, "print", "[\"" + text + "\"]"));
    }

    template <class C = office>
    std::string story(const std::string& id) {
        return static_cast<const C*>(w.value(id)->top().state.get())->story;
    }

    /// Waits until the story is not empty, since results come from other threads.
    template <class C = office>
    std::string wait_for_story(const std::string& id) {
        for (;;) {
            auto told = story<C>(id);
            if (!told.empty()) return told;
            w.thread.run_one();
        }
    }
};

}  // namespace

TEST_CASE("the result of work arrives in a turn of its own and is sent to open pages") {
    printing t;
    auto id = t.office_id();
    auto page = std::make_shared<recorder>();
    t.w.wait(t.w.attach(id, 1, page));

    auto r = t.w.wait(t.print(id, "a letter"));
    CHECK(r.value->revision == 2);
    CHECK(t.wait_for_story(id) == "printed a letter;");
    CHECK(page->revisions().back() == 3);
    CHECK(t.w.map().counts().work_done == 1);
}

TEST_CASE("work begins when the turn that asks for it is saved and not before") {
    printing t;
    auto id = t.office_id();
    auto e = t.w.to_top(id, "print", R"(["a letter"])");
    t.w.store().close_gate();
    auto p = t.w.send(id, e);
    t.w.store().wait_for_saves(2);
    CHECK(t.machine->begun() == 0);

    t.w.store().open_gate();
    t.w.wait(p);
    CHECK(t.wait_for_story(id) == "printed a letter;");
}

TEST_CASE("a turn that is not saved or throws starts no work") {
    printing t;
    auto id = t.office_id();
    t.w.store().answer(answer_of_store::refused);
    CHECK(t.w.wait(t.print(id, "a letter")).result == status::not_saved);
    CHECK(t.w.wait(t.w.send(id, t.w.to_top(id, "print_and_throw"))).result == status::failed);
    t.w.wait(t.print(id, "another"));
    CHECK(t.wait_for_story(id) == "printed another;");
    CHECK(t.machine->begun() == 1);
}

TEST_CASE("the reason of failed work goes to the log and not to the component") {
    printing t;
    auto id = t.office_id();
    t.w.wait(t.print(id, "jam"));
    CHECK(t.wait_for_story(id) == "This could not be completed.;");
    CHECK(t.w.log().find("paper jam") != std::string::npos);
    CHECK(t.w.map().counts().work_failed == 1);
}

TEST_CASE("work that fails without a handler shows a message") {
    printing t;
    auto id = t.office_id();
    auto page = std::make_shared<recorder>();
    t.w.wait(t.w.attach(id, 1, page));
    t.w.wait(t.w.send(id, t.w.to_top(id, "print_unwatched")));
    while (t.w.value(id)->revision < 3)
        t.w.thread.run_one();
    const auto& shown = page->told().back()->patches;
    REQUIRE_FALSE(shown.empty());
    CHECK(shown.back().kind == patch_kind::notice);
    CHECK(shown.back().content.text().find("This could not be completed.") != std::string::npos);
}

TEST_CASE("a component that waits for its work takes events meanwhile") {
    printing t;
    auto id = t.office_id();
    t.machine->hold();
    t.w.wait(t.print(id, "one"));
    t.w.wait(t.print(id, "two"));
    t.machine->wait_for(2);
    CHECK(t.w.map().counts().work_running == 2);
    CHECK(t.story(id).empty());
    t.machine->go_on();
    CHECK_FALSE(t.wait_for_story(id).empty());
}

TEST_CASE("work beyond the limit fails at once and does not block events") {
    printing t([](conversation_options& o) {
        o.work_threads = 1;
        o.max_work = 1;
    });
    auto id = t.office_id();
    t.machine->hold();
    t.w.wait(t.print(id, "one"));
    t.machine->wait_for(1);
    t.w.wait(t.print(id, "two"));
    t.w.wait(t.print(id, "three"));
    CHECK(t.story(id) == "This is not possible at the moment.;");
    CHECK(t.w.map().counts().work_refused == 1);
    CHECK(t.w.map().counts().work_waiting == 1);
    CHECK(t.w.log().find("work refused") != std::string::npos);
}

TEST_CASE("a result that cannot be rendered is delivered as a failure") {
    printing t;
    auto id = t.office_id();

    t.w.wait(t.print(id, "unreadable"));

    CHECK(t.wait_for_story(id) == "This could not be completed.;");
    CHECK(unfinished_work(*t.w.value(id)).empty());
}

TEST_CASE("work continues after its conversation has ended and its result is dropped") {
    printing t;
    auto id = t.office_id();
    auto other = t.office_id();
    t.machine->hold();
    t.w.wait(t.print(id, "a letter"));
    t.machine->wait_for(1);
    t.w.wait(t.w.send(id, t.w.to_top(id, "finish")));
    t.machine->go_on();
    t.w.wait(t.print(other, "another"));
    CHECK(t.wait_for_story(other) == "printed another;");
    t.w.map().stop();
    CHECK(t.w.map().counts().work_done == 3);
    CHECK(t.w.map().size() == 1);
}

TEST_CASE("a result that cannot be saved is delivered again later") {
    printing t;
    auto id = t.office_id();
    t.machine->hold();
    t.w.wait(t.print(id, "a letter"));
    t.machine->wait_for(1);
    t.w.store().answer(answer_of_store::refused);
    t.machine->go_on();
    while (t.w.map().counts().timers == 0)
        t.w.thread.run_one();
    CHECK(t.story(id).empty());

    t.w.pass(1s);
    CHECK(t.wait_for_story(id) == "printed a letter;");
    CHECK(t.machine->begun() == 1);
    CHECK(t.w.map().counts().timers == 0);
}

TEST_CASE("work that a start hook asks for is done") {
    printing t;
    CHECK(t.wait_for_story<press>(t.w.minted(call<press>().release())) == "printed the news;");
    CHECK(t.machine->begun() == 1);
}

TEST_CASE("a conversation that begins from a value interrupts only the work from before it") {
    printing t;
    t.machine->hold();
    const auto id = t.w.minted(call<press>().release());
    t.machine->wait_for(1);
    const auto copy = t.w.minted(*t.w.value(id));
    CHECK(t.wait_for_story<press>(copy) == "This was interrupted by a restart.;");
    t.machine->go_on();
    while (t.story<press>(copy).find("printed") == std::string::npos)
        t.w.thread.run_one();
    CHECK(t.story<press>(copy) == "This was interrupted by a restart.;printed the news;");
}

TEST_CASE("work that a restart interrupts is reported as failed after the restart") {
    std::string id;
    std::shared_ptr<script> kept;
    {
        printing before;
        id = before.office_id();
        before.machine->hold();
        before.w.wait(before.print(id, "a letter"));
        kept = after_restart(before.w.store());
        before.machine->go_on();
    }
    printing t(kept, {});
    t.w.map().load();
    CHECK(t.story(id) == "This was interrupted by a restart.;");
    CHECK(t.machine->begun() == 0);
}

TEST_CASE("stopping waits for running work and saves its result") {
    printing t([](conversation_options& o) { o.work_timeout = 60s; });
    auto id = t.office_id();
    t.machine->hold();
    t.w.wait(t.print(id, "a letter"));
    t.machine->wait_for(1);
    const auto saved = t.w.store().changes().size();

    std::atomic<bool> is_over = false;
    std::thread stopping([&] {
        t.w.map().stop();
        is_over = true;
        t.w.thread.post([] {});
    });
    t.machine->go_on();
    while (!is_over)
        t.w.thread.run_one();
    stopping.join();
    CHECK(t.w.store().changes().size() == saved + 1);
}

TEST_CASE("stopping abandons work that does not end in time") {
    printing t([](conversation_options& o) { o.work_timeout = 1ms; });
    auto id = t.office_id();
    t.machine->hold();
    t.w.wait(t.print(id, "a letter"));
    t.machine->wait_for(1);
    t.w.map().stop();
    CHECK(t.w.log().find("work abandoned count=1") != std::string::npos);
}
