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

using words = std::vector<std::string>;

/// Subscribes to its room, records the messages there and publishes its own.
struct guest {
    static constexpr std::string_view component = "live/guest";
    std::string room = "hall";
    words heard;

    effects start() { return subscribe<&guest::hear>(room); }

    void wakeup() { heard.push_back("(awake)"); }

    void hear(std::string what) {
        if (what == "bang") throw std::runtime_error("too loud");
        heard.push_back(std::move(what));
    }

    effects say(std::string what) { return publish(room, what); }

    effects count() { return publish(room, "one") + publish(room, "two") + publish(room, "three"); }

    effects say_and_fail() {
        (void)publish(room, "nothing");
        throw std::runtime_error("lost my voice");
    }

    effects leave() { return unsubscribe(room); }

    effects go() { return publish(room, "bye") + end(); }

    markup render() const {
        return div(
            each(heard, [](const std::string& what) { return p(what); }),
            button(on<"click", &guest::say>(""), "say"),
            button(on<"click", &guest::count>, "count"),
            button(on<"click", &guest::say_and_fail>, "fail"),
            button(on<"click", &guest::leave>, "leave"),
            button(on<"click", &guest::go>, "go")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    guest,
    (),
    (room, heard, start, wakeup, hear, say, count, say_and_fail, leave, go)
)

effect::call a_guest(std::string room = "hall") {
    return call<guest>(std::move(room)).release();
}

/// The messages that a guest has received, after all queued operations.
words heard(world& w, const std::string& id) {
    return static_cast<const guest*>(w.value(id)->top().state.get())->heard;
}

reply say(world& w, const std::string& id, const std::string& what) {
    return w.wait(w.send(id, w.to_top(id, "say", "[\"" + what + "\"]")));
}

}  // namespace

TEST_CASE("a message reaches all subscribers of its topic and no other conversation") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest()), other = w.minted(a_guest("cellar"));
    CHECK(w.map().counts().topics == 2);

    say(w, a, "hello");
    CHECK(heard(w, a) == words{"hello"});  // the publisher too
    CHECK(heard(w, b) == words{"hello"});
    CHECK(heard(w, other).empty());
    CHECK(w.map().counts().messages_delivered == 2);
}

TEST_CASE("open pages receive the changes that a message caused") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(b, 2, page));

    say(w, a, "hello");
    CHECK(heard(w, b) == words{"hello"});
    CHECK(page->revisions() == std::vector<std::uint64_t>{3});
}

TEST_CASE("a publisher does not wait for its subscribers") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(b, 2, page));

    CHECK(say(w, a, "hello").result == status::ok);
    CHECK(page->told().empty());  // the turn of `b` has not even begun
    CHECK(heard(w, b) == words{"hello"});
}

TEST_CASE("messages of one publisher arrive in the order published") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    w.wait(w.send(a, w.to_top(a, "count")));
    say(w, a, "four");
    CHECK(heard(w, b) == words{"one", "two", "three", "four"});
    CHECK(heard(w, a) == words{"one", "two", "three", "four"});
}

TEST_CASE("a message is delivered when the turn that published it is saved and not before") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    auto e = w.to_top(a, "say", "[\"hello\"]");

    w.store().answer(answer_of_store::refused);
    CHECK(w.wait(w.send(a, e)).result == status::not_saved);
    CHECK(heard(w, b).empty());

    CHECK(w.wait(w.send(a, e)).result == status::ok);
    CHECK(heard(w, b) == words{"hello"});
}

TEST_CASE("a turn that throws publishes nothing") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    CHECK(w.wait(w.send(a, w.to_top(a, "say_and_fail"))).result == status::failed);
    CHECK(heard(w, b).empty());
}

TEST_CASE("a message that is queued behind an unsubscribe is not delivered") {
    world w;
    auto a = w.minted(a_guest());
    auto leave = w.to_top(a, "leave");

    w.store().close_gate();
    auto left = w.send(a, leave);
    w.map().publish("hall", R"(["too late"])");
    w.store().open_gate();

    auto r = w.wait(left);
    CHECK(heard(w, a).empty());
    CHECK(w.value(a)->revision == r.value->revision);
    CHECK(w.map().counts().topics == 0);
}

TEST_CASE("an ended conversation receives no message but publishes its last one") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    auto go = w.to_top(a, "go");

    w.store().close_gate();
    auto gone = w.send(a, go);
    w.map().publish("hall", R"(["too late"])");
    w.store().open_gate();

    CHECK(w.wait(gone).result == status::ended);
    CHECK(heard(w, b) == words{"too late", "bye"});
    CHECK(w.map().size() == 1);
    w.wait(w.send(b, w.to_top(b, "leave")));
    CHECK(w.map().counts().topics == 0);
}

TEST_CASE("a component that throws on a message receives the next one") {
    world w;
    auto a = w.minted(a_guest()), b = w.minted(a_guest());
    say(w, a, "bang");
    say(w, a, "hello");
    CHECK(heard(w, b) == words{"hello"});
    CHECK(w.log().find("too loud") != std::string::npos);
}

TEST_CASE("messages beyond the limit of a conversation are lost and logged once") {
    world w([](conversation_options& o) { o.max_messages = 3; });
    auto a = w.minted(a_guest());
    for (auto text : {R"(["1"])", R"(["2"])", R"(["3"])", R"(["4"])", R"(["5"])"})
        w.map().publish("hall", text);

    CHECK(heard(w, a) == words{"1", "2", "3"});
    CHECK(w.map().counts().messages_lost == 2);
    const auto log = w.log();
    const auto first = log.find("messages lost conversation=" + a);
    CHECK(first != std::string::npos);
    CHECK(log.find("messages lost", first + 1) == std::string::npos);

    w.map().publish("hall", R"(["6"])");
    CHECK(heard(w, a) == words{"1", "2", "3", "6"});
}

TEST_CASE("waiting messages do not count against the limit of waiting events") {
    world w([](conversation_options& o) { o.max_waiting = 1; });
    auto a = w.minted(a_guest());
    auto leave = w.to_top(a, "leave");
    for (auto text : {R"(["1"])", R"(["2"])", R"(["3"])"})
        w.map().publish("hall", text);
    CHECK(w.wait(w.send(a, leave)).result == status::ok);
    CHECK(heard(w, a) == words{"1", "2", "3"});
}

TEST_CASE("a message whose turn the store refuses is lost and the conversation continues") {
    world w;
    auto a = w.minted(a_guest());
    w.store().answer(answer_of_store::refused);
    w.map().publish("hall", R"(["1"])");
    w.map().publish("hall", R"(["2"])");
    CHECK(heard(w, a) == words{"2"});
    CHECK(w.map().counts().messages_lost == 1);
}

TEST_CASE("subscriptions survive a restart and a message first runs the wakeup hook") {
    std::string a;
    std::shared_ptr<script> kept;
    {
        world before;
        a = before.minted(a_guest());
        kept = after_restart(before.store());
    }
    world w(kept, {});
    w.map().load();
    CHECK(w.map().counts().topics == 1);
    w.map().publish("hall", R"(["hello"])");
    CHECK(heard(w, a) == words{"(awake)", "hello"});
}

TEST_CASE("messages do not keep a conversation from expiring") {
    world w([](conversation_options& o) {
        o.idle_timeout = 10min;
        o.unused_timeout = 1min;
    });
    auto looked = w.minted(a_guest()), used = w.minted(a_guest());
    w.wait(w.send(used, w.to_top(used, "say", R"(["hello"])")));

    w.advance(50s);
    w.map().publish("hall", R"(["news"])");
    w.thread.run_all();
    CHECK(heard(w, looked).size() == 2);
    w.advance(20s);
    CHECK(w.map().reap() == 1);  // `looked` never got an event
    w.advance(8min + 51s);
    w.map().publish("hall", R"(["news"])");
    CHECK(heard(w, used).size() == 3);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("a topic with many subscribers reaches each of them") {
    world w;
    std::vector<std::string> all;
    for (int n = 0; n < 100; ++n)
        all.push_back(w.minted(a_guest()));
    w.map().publish("hall", R"(["hello"])");
    for (const auto& each : all)
        CHECK(heard(w, each) == words{"hello"});
}

TEST_CASE("a map without server threads delivers messages on a thread of its own") {
    auto page = std::make_shared<recorder>();  // outlives the map
    queue_runner thread;
    conversation_map map(memory_store(), {});
    pending p, q;
    map.mint("/", a_guest(), "owner", "", thread, p.callback());
    REQUIRE(p.is_there());
    const auto id = p.replies->front().value->id;
    map.attach(id, "owner", 1, page, thread, q.callback());
    while (!q.is_there())
        thread.run_one();

    map.publish("hall", R"(["1"])");
    map.publish("hall", R"(["2"])");
    CHECK(page->wait_for(2).back()->revision == 4);
    map.stop();
    map.publish("hall", R"(["3"])");
    CHECK(page->told().size() == 2);
}
