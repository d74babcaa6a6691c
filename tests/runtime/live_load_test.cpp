#include "runtime/conversation/decoder.hpp"
#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/slot.hpp>

#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

struct lamp {
    static constexpr std::string_view component = "load/lamp";
    static constexpr int version = 2;
    bool is_on = false;
    int woken = 0;

    static void migrate(int, boost::json::object& state) {
        if (state.contains("broken")) throw std::runtime_error("out of bulbs");
        state["is_on"] = state["lit"];
    }

    void toggle() { is_on = !is_on; }

    void ring() { ++woken; }

    effects sleep() { return after<&lamp::ring>(1h); }

    markup render() const {
        return p(
            is_on ? "on" : "off",
            button(on<"click", &lamp::toggle>, "Toggle"),
            button(on<"click", &lamp::sleep>, "Sleep")
        );
    }
};
BOOST_DESCRIBE_STRUCT(lamp, (), (is_on, woken, toggle, ring, sleep))

/// Its wakeup hook makes a revision of its own.
struct sleeper {
    static constexpr std::string_view component = "load/sleeper";
    int n = 0;

    void wakeup() { ++n; }

    void inc() { ++n; }

    markup render() const { return p("n=", n, button(on<"click", &sleeper::inc>, "+")); }
};
BOOST_DESCRIBE_STRUCT(sleeper, (), (n, wakeup, inc))

void replace(record& in, std::string_view part_name, std::string_view from, std::string_view to) {
    auto& body = std::ranges::find_if(in.parts, [&](const part& each) {
                     return each.name.starts_with(part_name);
                 })->body;
    const auto at = body.find(from);
    REQUIRE(at != body.npos);
    body.replace(at, from.size(), to);
}

/// A script whose store holds a copy of one new conversation under each of these ids.
template <class C>
std::shared_ptr<script> stored(std::initializer_list<const char*> ids) {
    world w;
    const auto id = w.minted(call<C>().release());
    auto out = after_restart(w.store());
    const auto made = out->stored.at(0);
    out->stored.clear();
    for (const auto* each : ids) {
        out->stored.push_back(made);
        out->stored.back().id = each;
    }
    return out;
}

std::shared_ptr<script> stored_lamps(std::initializer_list<const char*> ids) {
    return stored<lamp>(ids);
}

bool shows(const std::shared_ptr<const update>& news, std::string_view text) {
    return news && std::ranges::any_of(news->patches, [&](const patch& p) {
               return p.content.text().find(text) != std::string_view::npos;
           });
}

const part& head_of(const change& of) {
    return *std::ranges::find(of.written, "head", &part::name);
}

}  // namespace

// --- the head

TEST_CASE("the head records component versions and whether the conversation waits") {
    world w;
    auto id = w.minted(call<lamp>().release());
    CHECK(head_of(w.store().changes().back())
              .body.ends_with(R"("shapes":{"load/lamp":2},"unseen":true})"));
    w.wait(w.send(id, w.to_top(id, "sleep")));
    CHECK(head_of(w.store().changes().back())
              .body.ends_with(R"("shapes":{"load/lamp":2},"waits":true})"));
}

// --- on first use

TEST_CASE("a conversation is decoded on its first use and not before") {
    auto told = stored_lamps({"good", "bad"});
    replace(told->stored[1], "i", R"("is_on":false)", R"("is_on":7)");
    world w(told, {});
    CHECK(w.map().load().loaded == 2);
    CHECK(w.log().find("unusable conversation") == std::string::npos);

    CHECK(w.wait(w.open("good")).result == status::ok);
    CHECK(w.wait(w.open("bad")).result == status::unusable);
    CHECK(
        w.log().find("unusable conversation=bad why=\"state of load/lamp: expected true or false"
        ) != std::string::npos
    );
    CHECK(w.wait(w.send("bad", {1, 1, "toggle", "", {}})).result == status::unusable);
    CHECK(count_in(w.log(), "unusable conversation") == 1);
}

TEST_CASE("an undecodable conversation is neither overwritten nor deleted when it is idle") {
    auto told = stored_lamps({"bad"});
    replace(told->stored[0], "i", R"("is_on":false)", R"("is_on":7)");
    world w(told, [](conversation_options& o) { o.unused_timeout = 1min; });
    w.map().load();
    w.advance(1h);
    w.map().reap();  // decodes the conversation, which fails
    w.thread.run_all();
    w.advance(1000h);
    CHECK(w.map().reap() == 0);
    w.map().stop();
    CHECK(told->changes().empty());
    CHECK(w.map().size() == 1);
}

TEST_CASE("a stream or an event may be the first use of a conversation") {
    auto told = stored_lamps({"looked_at", "clicked"});
    world w(told, {});
    w.map().load();
    auto page = std::make_shared<recorder>();
    w.wait(w.attach("looked_at", {}, page));
    CHECK(shows(page->told().at(0), "off"));
    auto r = w.wait(w.send("clicked", {7, 1, "toggle", "", {}}));
    CHECK(r.result == status::ok);
    CHECK(shows(r.news, "on"));
}

TEST_CASE("an unused conversation expires without being decoded") {
    auto told = stored_lamps({"a", "b"});
    world w(told, [](conversation_options& o) { o.unused_timeout = 1min; });
    w.map().load();
    w.advance(2min);
    CHECK(w.map().reap() == 2);
    w.map().stop();
    w.thread.run_all();
    CHECK(w.map().size() == 0);
    CHECK(told->changes().size() == 2);
}

TEST_CASE("a conversation with a timer is decoded on loading and its timer fires") {
    world first;
    const auto id = first.minted(call<lamp>().release());
    first.wait(first.send(id, first.to_top(id, "sleep")));
    first.map().stop();
    auto told = after_restart(first.store());
    world w(told, {});
    CHECK(w.map().load().loaded == 1);
    CHECK(w.map().counts().timers == 1);
    w.pass(2h);
    w.thread.run_all();
    w.map().stop();
    REQUIRE(told->changes().size() == 1);
}

TEST_CASE("a waiting conversation that cannot be decoded counts as unusable on loading") {
    world first;
    const auto id = first.minted(call<lamp>().release());
    first.wait(first.send(id, first.to_top(id, "sleep")));
    first.map().stop();
    auto told = after_restart(first.store());
    replace(told->stored[0], "i", R"("is_on":false)", R"("is_on":7)");
    world w(told, {});
    CHECK(w.map().load().unusable == 1);
    CHECK(w.map().counts().timers == 0);
}

// --- another release

TEST_CASE("a conversation of a newer shape is kept byte for byte under every operation") {
    auto told = stored_lamps({"newer"});
    replace(told->stored[0], "head", R"("load/lamp":2)", R"("load/lamp":3)");
    world w(told, [](conversation_options& o) {
        o.unused_timeout = 10min;
        o.idle_timeout = 10min;
    });
    const auto summary = w.map().load();
    CHECK(summary.loaded == 0);
    CHECK(summary.newer_shape == 1);
    CHECK(
        w.log().find("newer_shape conversation=newer why=\"component 'load/lamp' was stored in "
                     "version 3, this program has version 2\" (kept)") != std::string::npos
    );

    CHECK(w.wait(w.open("newer")).result == status::other_release);
    CHECK(w.wait(w.open("newer", "eve")).result == status::foreign);
    CHECK(w.wait(w.send("newer", {1, 1, "toggle", "", {}})).result == status::other_release);
    CHECK(
        w.wait(w.attach("newer", 1, std::make_shared<recorder>())).result == status::other_release
    );
    w.advance(9min);
    CHECK(w.map().reap() == 0);
    w.map().stop();
    CHECK(told->changes().empty());
}

TEST_CASE("a conversation of another release expires when its timeout is over") {
    auto told = stored_lamps({"newer"});
    replace(told->stored[0], "head", R"("load/lamp":2)", R"("load/lamp":3)");
    world w(told, [](conversation_options& o) { o.unused_timeout = 10min; });
    w.map().load();
    w.advance(11min);
    CHECK(w.map().reap() == 1);
    w.map().stop();
    REQUIRE(told->changes().size() == 1);
    CHECK(told->changes()[0].kind == change_kind::remove);
}

TEST_CASE("a refused removal of a conversation of another release is retried") {
    auto told = stored_lamps({"newer"});
    replace(told->stored[0], "head", R"("load/lamp":2)", R"("load/lamp":3)");
    world w(told, [](conversation_options& o) { o.unused_timeout = 10min; });
    w.map().load();
    w.store().refuse("newer");
    w.advance(11min);
    CHECK(w.map().reap() == 1);
    w.store().wait_for_saves(1);
    w.thread.run_one();
    CHECK(w.map().size() == 1);
    CHECK(w.wait(w.open("newer")).result == status::other_release);
    CHECK(count_in(w.log(), "could not be removed why=\"disk full\"") == 1);
    CHECK(w.map().reap() == 0);
    w.store().refuse("");
    w.advance(10s);
    CHECK(w.map().reap() == 1);
    w.stop();
    CHECK(w.map().size() == 0);
    CHECK(told->changes().size() == 1);
}

TEST_CASE("an unknown component is counted separately") {
    auto told = stored_lamps({"gone"});
    replace(told->stored[0], "head", "load/lamp", "load/gone");
    world w(told, {});
    CHECK(w.map().load().unknown_component == 1);
    CHECK(w.wait(w.open("gone")).result == status::other_release);
    CHECK(w.log().find("unknown_component conversation=gone") != std::string::npos);
}

TEST_CASE("a migrate that throws is found on first use and its input is kept") {
    auto told = stored_lamps({"old", "broken"});
    for (auto& each : told->stored)
        replace(each, "i", R"("version":2,)", "");
    replace(told->stored[0], "i", R"("is_on":false)", R"("lit":true)");
    replace(told->stored[1], "i", R"("is_on":false)", R"("broken":true)");
    world w(told, {});
    CHECK(w.map().load().loaded == 2);
    CHECK(shows(w.wait(w.open("old")).news, "on"));
    CHECK(w.wait(w.open("broken")).result == status::unusable);
    CHECK(w.log().find("from version 1 to 2: migrate failed: out of bulbs") != std::string::npos);
    w.map().stop();
    CHECK(told->changes().empty());
}

TEST_CASE("the log names the first unusable conversations and counts the others") {
    auto told = stored_lamps({});
    for (int at = 0; at < 25; ++at)
        told->stored.push_back({"bad" + std::to_string(at), 1, record_status::kept, {{"head", "{"}}}
        );
    world w(told, {});
    CHECK(w.map().load().unusable == 25);
    CHECK(count_in(w.log(), "unusable conversation=") == 20);
    CHECK(count_in(w.log(), "not usable: 5 more") == 1);
    CHECK(
        count_in(
            w.log(),
            "loaded conversations=0 not_kept=0 newer_shape=0 unknown_component=0 "
            "unusable=25 quarantined=0"
        ) == 1
    );
}

TEST_CASE("two threads load a thousand conversations and each conversation once") {
    auto told = stored_lamps({"lamp"});
    const auto one = told->stored[0];
    told->stored.clear();
    for (int at = 0; at < 1000; ++at) {
        told->stored.push_back(one);
        told->stored.back().id += std::to_string(at);
    }
    told->stored[700].parts[0].body = "{";
    world w(told, {});

    const auto summary = w.map().load();

    CHECK(summary.loaded == 999);
    CHECK(summary.unusable == 1);
    CHECK(w.map().size() == 1000);
    for (const auto* id : {"lamp0", "lamp255", "lamp256", "lamp767", "lamp999"})
        CHECK(w.wait(w.open(id)).result == status::ok);
    CHECK(w.wait(w.open("lamp700")).result == status::unusable);
}

// --- a store that was rolled back

TEST_CASE("a page that has seen a later revision than stored gets a notice and is logged once") {
    auto told = stored_lamps({"back"});
    world w(told, {});
    w.map().load();
    for (int time = 0; time < 2; ++time) {
        auto page = std::make_shared<recorder>();
        w.wait(w.attach("back", 9, page));
        REQUIRE(page->told().size() == 1);
        CHECK(page->told()[0]->patches.front().kind == patch_kind::view);
        CHECK(page->told()[0]->patches.back().kind == patch_kind::notice);
        CHECK(shows(page->told()[0], "lost the last changes here"));
    }
    CHECK(
        count_in(
            w.log(),
            "rolled_back conversation=back stored=1 claimed=9 why=\"a browser claims"
        ) == 1
    );
    CHECK(w.map().counts().rolled_back == 1);
}

TEST_CASE("a wakeup does not hide a rollback of the store") {
    auto told = stored<sleeper>({"back"});
    world w(told, {});
    w.map().load();
    auto page = std::make_shared<recorder>();
    w.wait(w.attach("back", 2, page));  // the wakeup makes revision 2
    CHECK(page->told().back()->revision == 2);
    CHECK(shows(page->told().back(), "lost the last changes here"));
    CHECK(w.map().counts().rolled_back == 1);
}

TEST_CASE("a page that is behind or up to date gets no rollback notice") {
    world w;
    const auto id = w.minted(call<lamp>().release());
    w.wait(w.send(id, w.to_top(id, "toggle")));
    for (std::uint64_t seen : {1u, 2u}) {
        auto page = std::make_shared<recorder>();
        w.wait(w.attach(id, seen, page));
        CHECK(page->told().size() == 2 - seen);
    }
    CHECK(w.map().counts().rolled_back == 0);
}
