#include "runtime/conversation/decoder.hpp"
#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/ui.hpp>
#include <stube/store/memory_store.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
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

struct tally {
    static constexpr std::string_view component = "live/tally";
    int n = 0;
    std::string history;
    int woken = 0;

    void inc() { ++n; }

    void add(std::string what) { history += what; }

    void explode() { throw std::runtime_error("sprung a leak"); }

    void forget() { history.clear(); }

    void garble() { history = "\xFF"; }

    effects finish() { return end(p("Bye")); }

    effects sit_down() { return call<ui::confirm>("Sure?"); }

    effects treasure() { return keep(); }

    effects discard() { return keep(false); }

    void wakeup() { ++woken; }

    markup render() const {
        return div(
            "n=",
            n,
            button(on<"click", &tally::inc>, "+"),
            button(on<"click", &tally::add>("x"), "x"),
            button(on<"click", &tally::explode>, "!"),
            button(on<"click", &tally::garble>, "?"),
            button(on<"click", &tally::forget>, "0"),
            button(on<"click", &tally::finish>, "."),
            button(on<"click", &tally::sit_down>, "c"),
            button(on<"click", &tally::treasure>, "k"),
            button(on<"click", &tally::discard>, "d")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    tally,
    (),
    (n,
     history,
     woken,
     inc,
     add,
     explode,
     forget,
     garble,
     finish,
     sit_down,
     treasure,
     discard,
     wakeup)
)

struct stillborn {
    static constexpr std::string_view component = "live/stillborn";
    bool ends = false;

    effects start() {
        if (ends) return end(p("Over at once"));
        throw std::runtime_error("never lived");
    }

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(stillborn, (), (ends))

/// Counts its stops in the application's object.
struct leaver {
    static constexpr std::string_view component = "live/leaver";

    void stop(context& c);

    void touch() {}

    markup render() const { return p(button(on<"click", &leaver::touch>, "t")); }
};
BOOST_DESCRIBE_STRUCT(leaver, (), (touch))

/// Shows the text in the application's object. Its render() throws if the text is empty.
struct sign {
    static constexpr std::string_view component = "live/sign";

    void look() {}

    void repair(context& c) { c.app<std::string>() = "repaired"; }

    markup render(const context& c) const {
        if (c.app<std::string>().empty()) throw std::runtime_error("nothing is written");
        return p(
            c.app<std::string>(),
            button(on<"click", &sign::look>, "l"),
            button(on<"click", &sign::repair>, "r")
        );
    }
};
BOOST_DESCRIBE_STRUCT(sign, (), (look, repair))

struct untidy {
    static constexpr std::string_view component = "live/untidy";
    int n = 0;

    void touch() { ++n; }

    markup render() const { return p(n, div(button(on<"click", &untidy::touch>, "t"))); }
};
BOOST_DESCRIBE_STRUCT(untidy, (), (n, touch))

/// Owns leavers in a list.
struct landlord {
    static constexpr std::string_view component = "live/landlord";
    keyed<leaver> rooms;

    void start() { rooms.push_back(1, leaver{}); }

    void evict() { rooms.clear(); }

    void evict_and_regret() {
        rooms.clear();
        throw std::runtime_error("no heart");
    }

    markup render() const {
        return div(
            ul(rooms),
            button(on<"click", &landlord::evict>, "e"),
            button(on<"click", &landlord::evict_and_regret>, "r")
        );
    }
};
BOOST_DESCRIBE_STRUCT(landlord, (), (rooms, evict, evict_and_regret))

/// The application's object: counts the `stop` hooks that ran.
struct stops {
    int count = 0;
    std::thread::id on;

    std::function<void(conversation_options&)>
    counted(std::function<void(conversation_options&)> more = {}) {
        return [this, more](conversation_options& o) {
            o.app.add(*this);
            if (more) more(o);
        };
    }
};

void leaver::stop(context& c) {
    auto& seen = c.app<stops>();
    ++seen.count;
    seen.on = std::this_thread::get_id();
}

effect::call a_tally() {
    return call<tally>().release();
}

int count_of(const std::shared_ptr<const conversation>& c) {
    return static_cast<const tally*>(c->stack().front()->state.get())->n;
}

const tally& tally_of(const std::shared_ptr<const conversation>& c) {
    return *static_cast<const tally*>(c->stack().front()->state.get());
}

bool shows(const std::shared_ptr<const update>& news, std::string_view text) {
    return news && std::ranges::any_of(news->patches, [&](const patch& p) {
               return p.content.text().find(text) != std::string_view::npos;
           });
}

record as_record(const change& from) {
    return {from.id, from.revision, from.status, from.written};
}

/// The saved changes as records. Every change must be a new conversation.
std::vector<record> records_of(const script& from) {
    std::vector<record> out;
    for (const auto& each : from.changes())
        out.push_back(as_record(each));
    return out;
}

/// A store that holds one tally of owner "owner".
std::shared_ptr<script> stored_tally(std::string& id) {
    world before([](conversation_options& o) { o.new_id = [] { return std::string("kept"); }; });
    id = before.minted(a_tally());
    auto told = std::make_shared<script>();
    told->stored = records_of(before.store());
    return told;
}

}  // namespace

// --- nothing is published before it is saved

TEST_CASE("a new conversation is published when it is saved and not before") {
    world w;
    w.store().close_gate();

    auto p = w.mint(a_tally());
    w.store().wait_for_saves(1);
    CHECK_FALSE(p.is_there());
    CHECK(w.thread.run_all() == 0);
    CHECK(w.map().size() == 0);

    w.store().open_gate();
    auto r = w.wait(p);
    CHECK(r.result == status::ok);
    CHECK(r.value->revision == 1);
    CHECK(r.value->mount == "/here");
    CHECK(r.value->owner == "owner");
    CHECK(r.value->principal == "principal");
    CHECK(r.value->id.size() == 22);
    CHECK(shows(r.news, "n=0"));
    CHECK_FALSE(r.streamed);
    CHECK(w.map().size() == 1);
    REQUIRE(w.store().changes().size() == 1);
    CHECK(w.store().changes()[0].kind == change_kind::create);
}

TEST_CASE("neither page nor stream receives the result of an event before it is saved") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    auto e = w.to_top(id, "inc");

    w.store().close_gate();
    auto p = w.send(id, e);
    w.store().wait_for_saves(2);
    CHECK_FALSE(p.is_there());
    CHECK(w.thread.run_all() == 0);
    CHECK(page->told().empty());

    w.store().open_gate();
    auto r = w.wait(p);
    CHECK(r.result == status::ok);
    CHECK(r.streamed);
    CHECK(page->revisions() == std::vector<std::uint64_t>{2});
    CHECK(page->told()[0] == r.news);
    CHECK(count_of(r.value) == 1);
}

TEST_CASE("an event saves only what it changed") {
    world w;
    auto id = w.minted(a_tally());
    w.wait(w.send(id, w.to_top(id, "sit_down")));
    w.wait(w.send(id, w.to_top(id, "no")));
    const auto changes = w.store().changes();
    REQUIRE(changes.size() == 3);
    CHECK(changes[1].kind == change_kind::update);
    CHECK(changes[1].revision == 2);
    // The head, the caller, and the versions of caller and question that Back returns to.
    CHECK(changes[2].written.size() == 4);
    CHECK(changes[2].dropped == std::vector<std::string>{"i2"});
}

TEST_CASE("a store without parts gets whole conversations") {
    auto told = std::make_shared<script>();
    told->parts = false;
    world w(told, {});
    auto id = w.minted(a_tally());
    w.wait(w.send(id, w.to_top(id, "inc")));
    CHECK(told->changes()[1].kind == change_kind::replace);
    CHECK(told->changes()[1].written.size() == 2);
}

TEST_CASE("an event that the store refuses does not change the conversation in memory") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    auto e = w.to_top(id, "inc");

    w.store().answer(answer_of_store::refused);
    auto r = w.wait(w.send(id, e));
    CHECK(r.result == status::not_saved);
    CHECK(count_of(r.value) == 0);
    CHECK(page->told().empty());
    CHECK(count_of(w.value(id)) == 0);
    CHECK(w.log().find("disk full") != std::string::npos);

    // The event is sent again, as a browser does. It was not applied, so it is not a repetition.
    r = w.wait(w.send(id, e));
    CHECK(r.result == status::ok);
    CHECK(count_of(r.value) == 1);
    CHECK(r.value->revision == 2);
}

TEST_CASE("a new conversation that cannot be saved does not exist") {
    world w;
    w.store().answer(answer_of_store::refused);
    auto r = w.wait(w.mint(a_tally()));
    CHECK(r.result == status::not_saved);
    CHECK(r.value == nullptr);
    CHECK(w.map().size() == 0);
}

TEST_CASE("a change that breaks the store's rules is refused and the next one is saved") {
    world w;
    auto id = w.minted(a_tally());
    w.store().answer(answer_of_store::invalid);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::not_saved);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::ok);
    CHECK(w.downs().empty());
}

TEST_CASE("a state that is not UTF-8 fails its own event and is not handed to the store") {
    world w;
    auto id = w.minted(a_tally());
    CHECK(w.wait(w.send(id, w.to_top(id, "garble"))).result == status::failed);
    CHECK(w.store().changes().size() == 1);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::ok);
}

TEST_CASE("a store in an unknown state is reported once and nothing more is accepted") {
    for (auto how : {answer_of_store::unknown, answer_of_store::other}) {
        world w;
        auto id = w.minted(a_tally());
        auto other = w.minted(a_tally());
        auto page = std::make_shared<recorder>();
        w.wait(w.attach(id, 1, page));
        auto e = w.to_top(id, "inc");
        auto later = w.to_top(other, "inc");

        w.store().answer(how);
        auto r = w.wait(w.send(id, e));

        CHECK(r.result == status::store_down);
        CHECK(count_of(r.value) == 0);
        CHECK(page->told().empty());
        CHECK(w.wait(w.send(id, e)).result == status::store_down);
        CHECK(w.wait(w.send(other, later)).result == status::store_down);
        CHECK(w.wait(w.open(other)).result == status::store_down);
        CHECK(w.wait(w.mint(a_tally())).result == status::store_down);
        CHECK(w.downs().size() == 1);
        CHECK(w.store().changes().size() == 2);
    }
}

TEST_CASE("changes that wait for the store are saved in one batch") {
    world w;
    auto a = w.minted(a_tally());
    auto b = w.minted(a_tally());
    auto c = w.minted(a_tally());
    auto ea = w.to_top(a, "inc"), eb = w.to_top(b, "inc"), ec = w.to_top(c, "inc");

    w.store().close_gate();
    auto pa = w.send(a, ea);
    w.store().wait_for_saves(4);
    auto pb = w.send(b, eb);
    auto pc = w.send(c, ec);
    w.store().open_gate();

    for (const auto& each : {pa, pb, pc})
        CHECK(w.wait(each).result == status::ok);
    const auto batches = w.store().batches();
    REQUIRE(batches.size() == 5);
    CHECK(batches[3].size() == 1);
    CHECK(batches[4].size() == 2);
}

TEST_CASE("a refused change does not affect the other changes of its batch") {
    world w;
    auto a = w.minted(a_tally());
    auto b = w.minted(a_tally());
    auto c = w.minted(a_tally());
    auto ea = w.to_top(a, "inc"), eb = w.to_top(b, "inc"), ec = w.to_top(c, "inc");
    w.store().refuse(b);

    w.store().close_gate();
    auto pa = w.send(a, ea);
    w.store().wait_for_saves(4);
    auto pb = w.send(b, eb);
    auto pc = w.send(c, ec);
    w.store().open_gate();

    CHECK(w.wait(pa).result == status::ok);
    CHECK(w.wait(pb).result == status::not_saved);
    CHECK(w.wait(pc).result == status::ok);
    CHECK(count_of(w.value(b)) == 0);
    CHECK(count_of(w.value(c)) == 1);
}

TEST_CASE("a map on a memory store replies at once") {
    queue_runner thread;
    conversation_map map(memory_store(), {});
    pending p;
    map.mint("/", a_tally(), "owner", "", thread, p.callback());
    REQUIRE(p.is_there());
    CHECK(p.replies->front().result == status::ok);
    CHECK(thread.run_all() == 0);
}

// --- events

TEST_CASE("a repeated event sends the view again and is not saved") {
    world w;
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");
    w.wait(w.send(id, e));
    auto r = w.wait(w.send(id, e));
    CHECK(r.result == status::repeated);
    CHECK(shows(r.news, "n=1"));
    CHECK(r.news->revision == 2);
    CHECK(w.store().changes().size() == 2);
}

TEST_CASE("an event to a component that has left sends the view again") {
    world w;
    auto id = w.minted(a_tally());
    auto sit_down = w.to_top(id, "sit_down");
    auto late = w.to_top(id, "inc");
    w.wait(w.send(id, sit_down));
    auto r = w.wait(w.send(id, late));
    CHECK(r.result == status::stale);
    CHECK(shows(r.news, "Sure?"));
}

TEST_CASE("an unknown event and wrong arguments change nothing") {
    world w;
    auto id = w.minted(a_tally());
    CHECK(w.wait(w.send(id, w.to_top(id, "wakeup"))).result == status::unknown_event);
    CHECK(w.wait(w.send(id, w.to_top(id, "add", "[7]"))).result == status::bad_arguments);
    CHECK(w.value(id)->revision == 1);
}

TEST_CASE("a component that throws changes nothing and its pages get a message") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));

    auto r = w.wait(w.send(id, w.to_top(id, "explode")));

    CHECK(r.result == status::failed);
    CHECK(r.error_id.size() == 8);
    CHECK(shows(r.news, r.error_id));
    CHECK(r.news->revision == 0);  // the pages keep theirs
    REQUIRE(page->told().size() == 1);
    CHECK(page->told()[0]->patches[0].kind == patch_kind::notice);
    CHECK(w.log().find("sprung a leak") != std::string::npos);
    CHECK(w.log().find(r.error_id) != std::string::npos);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::ok);
    CHECK(page->revisions() == std::vector<std::uint64_t>{0, 2});
}

TEST_CASE("a page that cannot be rendered gets a message and no other page does") {
    std::string writing = "open";
    world w([&](conversation_options& o) { o.app.add(writing); });
    const auto id = w.minted(call<sign>().release());
    auto first = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, first));
    writing.clear();

    const auto opened = w.wait(w.open(id));
    CHECK(opened.result == status::failed);
    CHECK(shows(opened.news, opened.error_id));
    CHECK(w.log().find(opened.error_id) != std::string::npos);
    CHECK(first->told().empty());

    auto late = std::make_shared<recorder>();
    const auto attached = w.wait(w.attach(id, 0, late));
    CHECK(attached.result == status::failed);
    REQUIRE(late->told().size() == 1);
    CHECK(shows(late->told()[0], attached.error_id));
    CHECK(late->revisions() == std::vector<std::uint64_t>{0});  // it has not seen revision 1
    CHECK(first->told().empty());
}

TEST_CASE("a page that could not be rendered gets its view as soon as it can be") {
    std::string writing = "open";
    world w([&](conversation_options& o) { o.app.add(writing); });
    const auto id = w.minted(call<sign>().release());
    writing.clear();
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 0, page));
    REQUIRE(page->told().size() == 1);

    w.wait(w.send(id, w.to_top(id, "repair")));
    REQUIRE(page->told().size() == 2);
    REQUIRE_FALSE(page->told()[1]->patches.empty());
    CHECK(page->told()[1]->patches[0].kind == patch_kind::view);
    CHECK(shows(page->told()[1], "repaired"));
    // From then on the page gets patches like any other.
    w.wait(w.send(id, w.to_top(id, "look")));
    CHECK(page->told()[2]->patches.empty());
}

TEST_CASE("a revision without visible changes is sent to the pages") {
    std::string writing = "open";
    world w([&](conversation_options& o) { o.app.add(writing); });
    const auto id = w.minted(call<sign>().release());
    // Without a stream the reply carries the revision.
    const auto alone = w.wait(w.send(id, w.to_top(id, "look")));
    CHECK(alone.result == status::ok);
    CHECK(alone.news->patches.empty());
    CHECK(alone.news->revision == 2);

    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 2, page));
    CHECK(w.wait(w.send(id, w.to_top(id, "look"))).streamed);
    CHECK(page->revisions() == std::vector<std::uint64_t>{3});
    CHECK(page->told()[0]->patches.empty());
}

TEST_CASE("in development the log names once an element that a browser would move") {
    world w([](conversation_options& o) { o.check_markup = true; });
    const auto id = w.minted(call<untidy>().release());
    w.wait(w.send(id, w.to_top(id, "touch")));
    const auto log = w.log();
    const auto at = log.find("live/untidy has <div> in the <p>");
    REQUIRE(at != std::string::npos);
    CHECK(log.find("live/untidy has <div>", at + 1) == std::string::npos);

    world quiet;
    quiet.minted(call<untidy>().release());
    CHECK(quiet.log().find("live/untidy") == std::string::npos);
}

TEST_CASE("in development the element of each component names the component") {
    world w([](conversation_options& o) { o.mark_components = true; });
    const auto id = w.minted(call<tally>().release());
    const auto shown = w.wait(w.open(id));
    const auto view = shown.news->patches.at(0).content.text();
    CHECK(view.find(" data-stube-component=\"live/tally\"") != view.npos);
}

TEST_CASE("each saved revision of a conversation is reported, and a failed event is not") {
    std::vector<std::string> reported;
    world w([&](conversation_options& o) {
        o.on_committed = [&](std::string_view id) { reported.emplace_back(id); };
    });
    const auto id = w.minted(call<tally>().release());
    CHECK(reported == std::vector<std::string>{id});
    w.wait(w.send(id, w.to_top(id, "inc")));
    CHECK(reported == std::vector<std::string>{id, id});
    w.wait(w.send(id, w.to_top(id, "unknown")));
    w.wait(w.open(id));
    CHECK(reported.size() == 2);
}

TEST_CASE("an update includes changes that only a page opened later needs") {
    std::string writing = "open";
    world w([&](conversation_options& o) { o.app.add(writing); });
    const auto id = w.minted(call<sign>().release());
    writing = "closed";
    CHECK(shows(w.wait(w.open(id)).news, "closed"));
    writing = "open";
    CHECK(shows(w.wait(w.send(id, w.to_top(id, "look"))).news, "open"));
    CHECK(w.wait(w.send(id, w.to_top(id, "look"))).news->patches.empty());
}

TEST_CASE("a change that the store refuses does not count as sent") {
    std::string writing = "open";
    world w([&](conversation_options& o) { o.app.add(writing); });
    const auto id = w.minted(call<sign>().release());
    writing = "closed";
    w.store().answer(answer_of_store::refused);
    CHECK(w.wait(w.send(id, w.to_top(id, "look"))).result == status::not_saved);
    CHECK(shows(w.wait(w.send(id, w.to_top(id, "look"))).news, "closed"));
}

TEST_CASE("a component that throws when it starts leaves nothing behind") {
    world w;
    auto r = w.wait(w.mint(call<stillborn>().release()));
    CHECK(r.result == status::failed);
    CHECK(r.value == nullptr);
    CHECK(shows(r.news, r.error_id));
    CHECK(w.map().size() == 0);
    CHECK(w.store().changes().empty());
}

TEST_CASE("a conversation may end as it begins") {
    world w([](conversation_options& o) { o.new_id = [] { return std::string("short"); }; });
    auto r = w.wait(w.mint(call<stillborn>(true).release()));
    CHECK(r.result == status::ended);
    CHECK(r.news->ended);
    CHECK(shows(r.news, "Over at once"));
    CHECK(w.map().size() == 0);
    CHECK(w.wait(w.open("short")).result == status::just_ended);
}

TEST_CASE("a swap_conv function that throws changes nothing") {
    world w;
    auto id = w.minted(a_tally());
    auto r =
        w.wait(w.swap(id, [](const conversation&) -> outcome { throw std::runtime_error("mine"); })
        );
    CHECK(r.result == status::failed);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::ok);
}

TEST_CASE("a conversation belongs to the browser session that began it") {
    world w;
    auto id = w.minted(a_tally(), "ada");
    auto e = w.to_top(id, "inc");
    auto page = std::make_shared<recorder>();
    CHECK(w.wait(w.open(id, "eve")).result == status::foreign);
    CHECK(w.wait(w.open(id, "eve")).value == nullptr);
    CHECK(w.wait(w.send(id, e, "eve")).result == status::foreign);
    CHECK(w.wait(w.attach(id, 0, page, "eve")).result == status::foreign);
    CHECK(w.wait(w.open(id, "")).result == status::foreign);
    CHECK(w.wait(w.send(id, e, "ada")).result == status::ok);
    CHECK(page->told().empty());
}

TEST_CASE("a conversation with an unknown id is gone") {
    world w;
    CHECK(w.wait(w.open("nobody")).result == status::gone);
    CHECK(w.wait(w.send("", {})).result == status::gone);
    CHECK(w.wait(w.attach("nobody", 0, std::make_shared<recorder>())).result == status::gone);
    w.map().detach("nobody", nullptr);
}

TEST_CASE("events of one conversation are applied in the order they came") {
    world w;
    auto id = w.minted(a_tally());
    std::vector<event> events;
    for (char c = 'a'; c <= 'f'; ++c)
        events.push_back(w.to_top(id, "add", std::string("[\"") + c + "\"]"));

    w.store().close_gate();
    std::vector<pending> replies;
    for (const auto& each : events)
        replies.push_back(w.send(id, each));
    w.store().open_gate();

    std::uint64_t revision = 1;
    for (const auto& each : replies)
        CHECK(w.wait(each).value->revision == ++revision);
    CHECK(tally_of(w.value(id)).history == "abcdef");
}

TEST_CASE("events beyond the limit of waiting events of a conversation are refused") {
    world w([](conversation_options& o) { o.max_waiting = 2; });
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");

    w.store().close_gate();
    std::vector<pending> replies;
    for (event_id i = 100; i < 104; ++i) {
        e.id = i;
        replies.push_back(w.send(id, e));
    }
    CHECK(w.wait(replies[3]).result == status::overloaded);
    w.store().open_gate();

    for (int i = 0; i < 3; ++i)
        CHECK(w.wait(replies[static_cast<std::size_t>(i)]).result == status::ok);
    CHECK(count_of(w.value(id)) == 3);
}

// --- the end

TEST_CASE("an ended conversation is removed and its pages get the final view") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    auto late = w.to_top(id, "inc");

    auto r = w.wait(w.send(id, w.to_top(id, "finish")));

    CHECK(r.result == status::ended);
    CHECK(r.value->instances.empty());
    CHECK(shows(r.news, "Bye"));
    CHECK(r.news->ended);
    CHECK(page->told() == std::vector{r.news});
    CHECK(w.store().changes().back().kind == change_kind::remove);
    CHECK(w.store().changes().back().id == id);
    CHECK(w.map().size() == 0);

    CHECK(w.wait(w.send(id, late)).result == status::just_ended);
    CHECK(w.wait(w.open(id)).result == status::just_ended);
    CHECK(w.store().changes().back().kind == change_kind::remove);
}

TEST_CASE("a repetition of the last event of an ended conversation gets the final view") {
    world w;
    auto id = w.minted(a_tally());
    auto last = w.to_top(id, "finish");
    auto told = w.wait(w.send(id, last)).news;

    auto again = w.wait(w.send(id, last));
    CHECK(again.result == status::just_ended);
    CHECK(again.news == told);
    CHECK(again.value->revision == 2);
    CHECK(again.value->instances.empty());
}

TEST_CASE("only the owner of an ended conversation learns of its end") {
    world w;
    auto id = w.minted(a_tally(), "ada");
    w.wait(w.send(id, w.to_top(id, "finish"), "ada"));
    CHECK(w.wait(w.open(id, "ada")).result == status::just_ended);
    auto r = w.wait(w.open(id, "eve"));
    CHECK(r.result == status::gone);
    CHECK_FALSE(r.news);
}

TEST_CASE("an event that is queued behind the end is not applied") {
    world w;
    auto id = w.minted(a_tally());
    auto last = w.to_top(id, "finish");
    auto late = w.to_top(id, "inc");

    w.store().close_gate();
    auto pl = w.send(id, last);
    auto p = w.send(id, late);
    w.store().open_gate();

    CHECK(w.wait(pl).result == status::ended);
    CHECK(w.wait(p).result == status::just_ended);
    CHECK(w.store().changes().size() == 2);
}

TEST_CASE("an end that cannot be saved leaves the conversation alive") {
    world w;
    auto id = w.minted(a_tally());
    w.store().answer(answer_of_store::refused);
    CHECK(w.wait(w.send(id, w.to_top(id, "finish"))).result == status::not_saved);
    CHECK(w.map().size() == 1);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::ok);
}

// --- streams

TEST_CASE("a stream gets every revision in order") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    for (int i = 0; i < 5; ++i)
        w.wait(w.send(id, w.to_top(id, "inc")));
    CHECK(page->revisions() == std::vector<std::uint64_t>{2, 3, 4, 5, 6});
}

TEST_CASE("a stream that has seen the present revision is sent nothing") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    auto r = w.wait(w.attach(id, 1, page));
    CHECK(r.result == status::ok);
    CHECK(r.streamed);
    CHECK(r.news == nullptr);
    CHECK(page->told().empty());
}

TEST_CASE("a stream that has seen another revision or none is sent the view once") {
    world w;
    auto id = w.minted(a_tally());
    w.wait(w.send(id, w.to_top(id, "inc")));
    for (std::optional<std::uint64_t> seen :
         {std::optional<std::uint64_t>(),
          std::optional<std::uint64_t>(1),
          std::optional<std::uint64_t>(99)}) {
        auto page = std::make_shared<recorder>();
        w.wait(w.attach(id, seen, page));
        CHECK(page->revisions() == std::vector<std::uint64_t>{2});
        CHECK(page->told()[0]->patches[0].kind == patch_kind::view);
        w.map().detach(id, page.get());
    }
}

TEST_CASE("every open page receives an update and a closed one does not") {
    world w;
    auto id = w.minted(a_tally());
    auto one = std::make_shared<recorder>();
    auto two = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, one));
    w.wait(w.attach(id, 1, two));
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).streamed);
    w.map().detach(id, one.get());
    w.wait(w.send(id, w.to_top(id, "inc")));
    w.map().detach(id, two.get());
    CHECK_FALSE(w.wait(w.send(id, w.to_top(id, "inc"))).streamed);
    CHECK(one->revisions() == std::vector<std::uint64_t>{2});
    CHECK(two->revisions() == std::vector<std::uint64_t>{2, 3});
}

/// The event with an id that this page gives to its events.
event sent_by(std::uint64_t page, event sent) {
    sent.id = page << 24 | sent.id;
    return sent;
}

/// A conversation with the streams of the page 7, which sends events, and of another page.
struct two_pages {
    world w;
    std::string id = w.minted(a_tally());
    std::shared_ptr<recorder> own = std::make_shared<recorder>(7);
    std::shared_ptr<recorder> other = std::make_shared<recorder>(8);

    two_pages() {
        w.wait(w.attach(id, 1, own));
        w.wait(w.attach(id, 1, other));
    }

    reply send_by_own(const char* name) {
        return w.wait(w.send(id, sent_by(7, w.to_top(id, name))));
    }
};

TEST_CASE("a page receives the update by its own event in the reply and not on its stream") {
    two_pages open;
    const auto r = open.send_by_own("inc");

    CHECK_FALSE(r.streamed);
    CHECK(r.news->revision == 2);
    CHECK(shows(r.news, "n=1"));
    CHECK(open.own->told().empty());
    REQUIRE(open.other->revisions() == std::vector<std::uint64_t>{2});
    CHECK(open.other->told()[0] == r.news);
}

TEST_CASE("a page receives the updates by other pages and by timers on its stream") {
    world w;
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>(7);
    w.wait(w.attach(id, 1, page));
    w.wait(w.send(id, sent_by(8, w.to_top(id, "inc"))));
    w.wait(w.send(id, sent_by(7, w.to_top(id, "inc"))));
    w.wait(w.swap(id, [](const conversation& now) {
        outcome o{.verdict = verdict::applied};
        o.next = now;
        ++o.next.revision;
        return o;
    }));
    CHECK(page->revisions() == std::vector<std::uint64_t>{2, 4});
}

TEST_CASE("the failure of an event is in the reply to its page and on the streams of the others") {
    two_pages open;
    const auto r = open.send_by_own("explode");

    CHECK(r.result == status::failed);
    CHECK(r.news->patches[0].kind == patch_kind::notice);
    CHECK(open.own->told().empty());
    CHECK(open.other->revisions() == std::vector<std::uint64_t>{0});
}

TEST_CASE("a stream that does not name its page may be the stream of any sender") {
    world w;
    auto id = w.minted(a_tally());
    auto unnamed = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, unnamed));
    CHECK(w.wait(w.send(id, sent_by(7, w.to_top(id, "inc")))).streamed);

    auto named = std::make_shared<recorder>(7);
    w.wait(w.attach(id, 2, named));
    CHECK_FALSE(w.wait(w.send(id, sent_by(7, w.to_top(id, "inc")))).streamed);
    CHECK(unnamed->revisions() == std::vector<std::uint64_t>{2, 3});
    CHECK(named->told().empty());
}

TEST_CASE("a stream that is attached during an event gets the result once") {
    world w;
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");
    auto page = std::make_shared<recorder>();

    w.store().close_gate();
    auto p = w.send(id, e);
    auto a = w.attach(id, 1, page);
    w.store().open_gate();
    w.wait(p);
    w.wait(a);

    CHECK(page->revisions() == std::vector<std::uint64_t>{2});
    CHECK(page->told()[0]->patches[0].kind == patch_kind::view);
}

TEST_CASE("a page beyond the limit displaces the oldest open page of its conversation") {
    world w([](conversation_options& o) { o.max_streams = 2; });
    auto id = w.minted(a_tally());
    std::vector<std::shared_ptr<recorder>> pages;
    for (int i = 0; i < 3; ++i) {
        pages.push_back(std::make_shared<recorder>());
        CHECK(w.wait(w.attach(id, 1, pages.back())).streamed);
    }
    CHECK(pages[0]->is_displaced());
    CHECK_FALSE(pages[1]->is_displaced());
    CHECK_FALSE(pages[2]->is_displaced());

    w.wait(w.send(id, w.to_top(id, "inc")));
    CHECK(pages[0]->told().empty());
    CHECK(pages[1]->revisions() == std::vector<std::uint64_t>{2});
    CHECK(pages[2]->revisions() == std::vector<std::uint64_t>{2});
}

TEST_CASE("opening a page returns the whole view and changes nothing") {
    world w;
    auto id = w.minted(a_tally());
    w.wait(w.send(id, w.to_top(id, "inc")));
    auto r = w.wait(w.open(id));
    CHECK(r.result == status::ok);
    CHECK(r.value->revision == 2);
    CHECK(shows(r.news, "n=1"));
    CHECK(w.store().changes().size() == 2);
}

// --- stop hooks

TEST_CASE("the stop hook of a component that leaves runs once and after the save") {
    stops stopped;
    world w(stopped.counted());
    const auto id = w.minted(call<landlord>().release());
    w.store().close_gate();
    const auto p = w.send(id, {1, 1, "evict", "", {}});
    w.store().wait_for_saves(2);
    CHECK(stopped.count == 0);
    w.store().open_gate();
    CHECK(w.wait(p).result == status::ok);
    CHECK(stopped.count == 1);
}

TEST_CASE("the stop hook of a component does not run when its removal is undone") {
    stops stopped;
    world w(stopped.counted());
    const auto id = w.minted(call<landlord>().release());
    CHECK(w.wait(w.send(id, {1, 1, "evict_and_regret", "", {}})).result == status::failed);
    w.store().answer(answer_of_store::refused);
    CHECK(w.wait(w.send(id, {2, 1, "evict", "", {}})).result == status::not_saved);
    CHECK(stopped.count == 0);
    CHECK(w.wait(w.send(id, {3, 1, "evict", "", {}})).result == status::ok);
    CHECK(stopped.count == 1);
}

TEST_CASE("a stop hook that throws is logged and changes nothing") {
    world w;  // without the object that the hook needs
    const auto id = w.minted(call<landlord>().release());
    CHECK(w.wait(w.send(id, {1, 1, "evict", "", {}})).result == status::ok);
    CHECK(
        w.log().find("stop failed conversation=" + id + " component=live/leaver") !=
        std::string::npos
    );
}

TEST_CASE("an idle conversation on a full disk is stopped when it is removed and not before") {
    stops stopped;
    world w(stopped.counted([](conversation_options& o) { o.unused_timeout = 1min; }));
    const auto id = w.minted(call<leaver>().release());
    w.store().refuse(id);
    w.advance(2min);
    CHECK(w.map().reap() == 1);
    w.store().wait_for_saves(2);
    w.thread.run_one();
    CHECK(count_in(w.log(), "could not be removed why=\"disk full\" retry_ms=10000") == 1);

    for (int look = 0; look < 9; ++look) {
        w.advance(1s);
        CHECK(w.map().reap() == 0);  // the retry is not due yet
    }
    w.advance(1s);
    CHECK(w.map().reap() == 1);
    w.store().wait_for_saves(3);
    w.thread.run_one();
    CHECK(count_in(w.log(), "retry_ms=20000") == 1);
    CHECK(stopped.count == 0);

    w.store().refuse("");
    w.advance(20s);
    CHECK(w.map().reap() == 1);
    w.stop();
    CHECK(stopped.count == 1);
    CHECK(stopped.on == std::this_thread::get_id());  // and not on the thread that saves
    CHECK(w.map().counts().expired == 1);
}

// --- size

TEST_CASE("an event that makes a conversation too large fails and nothing is lost") {
    world w([](conversation_options& o) { o.max_state = 10'000; });
    const auto id = w.minted(a_tally());
    const auto text = [](std::size_t size) { return "[\"" + std::string(size, 'x') + "\"]"; };
    CHECK(w.wait(w.send(id, w.to_top(id, "add", text(9'000)))).result == status::ok);
    const auto saved = w.store().changes().size();
    CHECK(w.wait(w.send(id, w.to_top(id, "add", text(2'000)))).result == status::failed);
    CHECK(w.log().find("and conversation_options::max_state is 10000") != std::string::npos);
    CHECK(w.store().changes().size() == saved);
    CHECK(tally_of(w.value(id)).history.size() == 9'000);
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"))).result == status::ok);
    CHECK(
        w.wait(w.mint(call<tally>(tally{0, std::string(20'000, 'x')}).release())).result ==
        status::failed
    );
}

TEST_CASE("a conversation above a lowered size limit can become smaller") {
    world first;
    const auto id = first.minted(a_tally());
    const auto much = "[\"" + std::string(9'000, 'x') + "\"]";
    first.wait(first.send(id, first.to_top(id, "add", much)));
    first.stop();

    world w(after_restart(first.store()), [](conversation_options& o) { o.max_state = 5'000; });
    w.map().load();
    const auto send = [&](const std::string& member, const std::string& arguments = "") {
        auto what = w.to_top(id, member, arguments);
        what.id += event_id(1) << 24;  // of another page than the one before the restart
        return w.wait(w.send(id, std::move(what))).result;
    };
    CHECK(send("add", "[\"y\"]") == status::failed);
    CHECK(send("forget") == status::ok);
    CHECK(send("add", "[\"y\"]") == status::ok);
}

TEST_CASE("the size of a conversation that is not stored is checked at intervals") {
    world w([](conversation_options& o) { o.max_state = 10'000; }, memory_store());
    const auto id = w.minted(a_tally());
    const auto much = "[\"" + std::string(2'000, 'x') + "\"]";
    int applied = 0;
    while (applied < 100 && w.wait(w.send(id, w.to_top(id, "add", much))).result == status::ok)
        ++applied;
    CHECK(applied < 16 + 5);
}

// --- reaping

TEST_CASE("a conversation that is idle too long is stopped and removed") {
    stops stopped;
    world w(stopped.counted([](conversation_options& o) {
        o.idle_timeout = 10min;
        o.unused_timeout = 1min;
    }));
    auto used = w.minted(call<leaver>().release());
    auto unused = w.minted(call<leaver>().release());
    w.wait(w.send(used, w.to_top(used, "touch")));

    w.advance(1min);
    CHECK(w.map().reap() == 0);
    w.advance(1ms);
    CHECK(w.map().reap() == 1);
    w.stop();

    CHECK(stopped.count == 1);
    CHECK(w.map().size() == 1);
    CHECK(w.store().changes().back().kind == change_kind::remove);
    CHECK(w.store().changes().back().id == unused);
}

TEST_CASE("an idle conversation is removed once its timeout has passed") {
    world w([](conversation_options& o) { o.idle_timeout = 10min; });
    auto id = w.minted(a_tally());
    w.wait(w.send(id, w.to_top(id, "inc")));
    w.advance(10min);
    CHECK(w.map().reap() == 0);
    w.advance(1ms);
    CHECK(w.map().reap() == 1);
    w.stop();
    CHECK(w.map().size() == 0);
}

TEST_CASE("an open page keeps its conversation from expiring") {
    world w([](conversation_options& o) {
        o.idle_timeout = 10min;
        o.unused_timeout = 10min;
    });
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));

    w.advance(24h);
    CHECK(w.map().reap() == 0);
    w.map().detach(id, page.get());
    CHECK(w.map().reap() == 0);
    w.advance(10min);
    CHECK(w.map().reap() == 0);
    w.advance(1ms);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("a conversation whose page was open counts as used") {
    world w([](conversation_options& o) {
        o.idle_timeout = 10min;
        o.unused_timeout = 1min;
    });
    auto id = w.minted(a_tally());
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    w.map().detach(id, page.get());

    w.advance(10min);
    CHECK(w.map().reap() == 0);
    w.advance(1ms);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("conversations can be kept for ever") {
    world w([](conversation_options& o) {
        o.idle_timeout = std::chrono::milliseconds::max();
        o.unused_timeout = std::chrono::milliseconds::max();
    });
    w.minted(a_tally());
    w.advance(24h * 365);
    CHECK(w.map().reap() == 0);
}

TEST_CASE("no conversation expires in the grace period after a start") {
    std::string id;
    auto told = stored_tally(id);
    world w(told, [](conversation_options& o) {
        o.grace_after_start = 10min;
        o.unused_timeout = 0min;
    });
    w.map().load();
    w.advance(10min - 1ms);
    CHECK(w.map().reap() == 0);
    w.advance(1ms);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("a conversation with an event under way does not expire") {
    world w([](conversation_options& o) { o.unused_timeout = 1min; });
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");
    w.advance(2min);

    w.store().close_gate();
    auto p = w.send(id, e);
    CHECK(w.map().reap() == 0);  // the conversation is busy
    w.store().open_gate();
    CHECK(w.wait(p).result == status::ok);
    CHECK(w.map().reap() == 0);
}

// --- limits

TEST_CASE("the least valuable conversation of an owner is evicted first") {
    world w([](conversation_options& o) { o.max_per_owner = 4; });
    const auto kept = w.minted(a_tally());
    w.wait(w.send(kept, w.to_top(kept, "treasure")));
    w.advance(1s);
    const auto worked_on = w.minted(a_tally());
    w.wait(w.send(worked_on, w.to_top(worked_on, "inc")));
    w.advance(1s);
    const auto looked_at = w.minted(a_tally());
    const auto page = std::make_shared<recorder>();
    w.wait(w.attach(looked_at, 1, page));
    w.map().detach(looked_at, page.get());
    w.advance(1s);
    auto newest = w.minted(a_tally());

    // Each new conversation evicts the one before it, which was not used.
    for (int visit = 0; visit < 10; ++visit) {
        w.advance(1s);
        const auto before = std::exchange(newest, w.minted(a_tally()));
        CHECK(w.wait(w.open(before)).result == status::gone);
        for (const auto& each : {kept, worked_on, looked_at})
            CHECK(w.wait(w.open(each)).result == status::ok);
    }
    // From here on all other conversations have been used.
    for (const auto& next_to_go : {looked_at, worked_on}) {
        w.wait(w.attach(newest, 1, std::make_shared<recorder>()));
        w.advance(1s);
        newest = w.minted(a_tally());
        CHECK(w.wait(w.open(next_to_go)).result == status::just_ended);
    }
    CHECK(w.wait(w.open(kept)).result == status::ok);
    w.stop();
    CHECK(w.map().size() == 4);
    CHECK(w.map().counts().evicted == 12);
}

TEST_CASE("a conversation with an open page or worth keeping is never evicted") {
    world w([](conversation_options& o) { o.max_per_owner = 2; });
    const auto open = w.minted(a_tally());
    const auto page = std::make_shared<recorder>();
    w.wait(w.attach(open, 1, page));
    const auto kept = w.minted(a_tally());
    w.wait(w.send(kept, w.to_top(kept, "treasure")));

    CHECK(w.wait(w.mint(a_tally())).result == status::overloaded);
    CHECK(w.wait(w.mint(a_tally(), "somebody else")).result == status::ok);
    w.wait(w.send(kept, w.to_top(kept, "discard")));
    CHECK(w.wait(w.mint(a_tally())).result == status::ok);
    CHECK(w.wait(w.open(kept)).result == status::just_ended);
    CHECK(w.wait(w.open(open)).result == status::ok);
    CHECK(page->told().empty());
}

TEST_CASE("a conversation worth keeping stays so after a restart and expires later") {
    const auto shorten = [](conversation_options& o) {
        o.idle_timeout = 10min;
        o.kept_timeout = 60min;
    };
    world first;
    const auto kept = first.minted(a_tally());
    first.wait(first.send(kept, first.to_top(kept, "treasure")));
    first.wait(first.send(kept, first.to_top(kept, "inc")));
    const auto other = first.minted(a_tally());
    first.wait(first.send(other, first.to_top(other, "inc")));
    first.stop();

    world w(after_restart(first.store()), shorten);
    w.map().load();
    w.advance(60min);
    CHECK(w.map().reap() == 1);
    CHECK(w.wait(w.open(other)).result == status::just_ended);
    CHECK(w.wait(w.open(kept)).result == status::ok);
    w.advance(61min);
    CHECK(w.map().reap() == 1);
}

TEST_CASE("evictions of used and of unused conversations are logged separately") {
    world w([](conversation_options& o) { o.max_per_owner = 1; });
    const auto used = w.minted(a_tally());
    w.wait(w.send(used, w.to_top(used, "inc")));
    const auto unused = w.minted(a_tally());
    w.minted(a_tally());
    CHECK(w.wait(w.open(unused)).result == status::gone);
    CHECK(count_in(w.log(), "evicted conversation=" + used + " was=worked_on why=") == 1);
    CHECK(count_in(w.log(), "evicted unused conversation=" + unused + " why=") == 1);
}

TEST_CASE("an evicted conversation finishes its present event first") {
    world w([](conversation_options& o) { o.max_per_owner = 1; });
    auto first = w.minted(a_tally());
    auto e = w.to_top(first, "inc");

    w.store().close_gate();
    auto p = w.send(first, e);
    w.store().wait_for_saves(2);
    e.id = 77;
    auto behind = w.send(first, e);
    auto m = w.mint(a_tally());
    w.store().open_gate();

    CHECK(w.wait(p).result == status::ok);
    CHECK(w.wait(m).result == status::ok);
    auto what = w.wait(behind).result;
    CHECK((what == status::ok || what == status::just_ended));
    CHECK(w.wait(w.open(first)).result == status::just_ended);
    w.stop();
    CHECK(w.map().size() == 1);
}

TEST_CASE("the limit of an owner holds when many conversations begin at once") {
    world w([](conversation_options& o) { o.max_per_owner = 3; });
    w.store().close_gate();
    std::vector<pending> many;
    for (int i = 0; i < 20; ++i)
        many.push_back(w.mint(a_tally()));
    w.store().open_gate();
    for (const auto& each : many)
        CHECK(w.wait(each).result == status::ok);
    w.stop();
    CHECK(w.map().size() == 3);
}

TEST_CASE("a conversation whose eviction is refused counts for its owner again") {
    world w([](conversation_options& o) { o.max_per_owner = 1; });
    auto first = w.minted(a_tally());
    w.store().refuse(first);
    w.advance(1s);
    auto second = w.minted(a_tally());
    w.store().wait_for_saves(3);
    w.wait(w.send(second, w.to_top(second, "inc")));  // saved after the refusal was handled
    w.store().refuse("");
    w.advance(1s);
    auto third = w.minted(a_tally());
    w.stop();
    CHECK(w.map().size() == 1);
}

TEST_CASE("a conversation beyond the limit is refused while all others are in use") {
    world w([](conversation_options& o) { o.max_conversations = 2; });
    auto id = w.minted(a_tally());
    w.wait(w.send(id, w.to_top(id, "inc")));
    const auto other = w.minted(a_tally());
    w.wait(w.attach(other, 1, std::make_shared<recorder>()));
    CHECK(w.wait(w.mint(a_tally())).result == status::overloaded);
    w.wait(w.send(id, w.to_top(id, "finish")));
    CHECK(w.wait(w.mint(a_tally())).result == status::ok);
}

TEST_CASE("12000 visits of strangers keep no visitor out and forget no ended conversation") {
    world w([](conversation_options& o) { o.max_conversations = 100; });
    const auto over = w.minted(a_tally(), "friend");
    w.wait(w.send(over, w.to_top(over, "finish"), "friend"));
    const auto friend_of_ours = w.minted(a_tally(), "friend");
    w.wait(w.send(friend_of_ours, w.to_top(friend_of_ours, "inc"), "friend"));
    for (int stranger = 0; stranger < 12'000; ++stranger)
        CHECK(
            w.wait(w.mint(a_tally(), "stranger " + std::to_string(stranger))).result == status::ok
        );

    const auto id = w.minted(a_tally(), "visitor");
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"), "visitor")).result == status::ok);
    CHECK(w.wait(w.open(friend_of_ours, "friend")).result == status::ok);
    CHECK(w.wait(w.open(over, "friend")).result == status::just_ended);
    w.stop();
    CHECK(w.map().size() == 100);
    CHECK(w.map().counts().evicted == 11'902);
}

TEST_CASE("the oldest unused conversation is evicted first even after a restart") {
    world first;
    std::vector<std::string> ids;
    for (int at = 0; at < 3; ++at) {
        ids.push_back(first.minted(a_tally(), std::to_string(at)));
        first.advance(1s);
    }
    first.stop();
    auto told = after_restart(first.store());
    std::ranges::reverse(told->stored);
    world w(told, [](conversation_options& o) { o.max_conversations = 3; });
    w.map().load();
    w.advance(1h);
    w.minted(a_tally(), "new");
    CHECK(w.wait(w.open(ids[0], "0")).result == status::gone);
    CHECK(w.wait(w.open(ids[1], "1")).result == status::ok);
    CHECK(w.wait(w.open(ids[2], "2")).result == status::ok);
}

TEST_CASE("1000000 visits of strangers leave a real visitor served") {
    world w([](conversation_options& o) { o.max_conversations = 100'000; }, memory_store());
    const auto friend_of_ours = w.minted(a_tally(), "friend");
    w.wait(w.send(friend_of_ours, w.to_top(friend_of_ours, "inc"), "friend"));
    int refused = 0;
    for (int stranger = 0; stranger < 1'000'000; ++stranger) {
        const auto r = w.wait(w.mint(a_tally(), "stranger " + std::to_string(stranger)));
        refused += r.result == status::ok ? 0 : 1;
    }
    CHECK(refused == 0);
    const auto id = w.minted(a_tally(), "visitor");
    CHECK(w.wait(w.send(id, w.to_top(id, "inc"), "visitor")).result == status::ok);
    CHECK(w.wait(w.open(friend_of_ours, "friend")).result == status::ok);
    w.stop();
    CHECK(w.map().size() == 100'000);
}

// --- loading

TEST_CASE("a restart restores saved conversations") {
    std::string id;
    auto told = stored_tally(id);
    world w(told, {});
    auto summary = w.map().load();
    CHECK(summary.loaded == 1);
    CHECK(summary.lost == 0);
    CHECK(w.map().size() == 1);

    auto r = w.wait(w.open(id));
    CHECK(r.result == status::ok);
    CHECK(shows(r.news, "n=0"));
    CHECK(w.wait(w.open(id, "eve")).result == status::foreign);
}

TEST_CASE("the wakeup hooks of a conversation run once on its first use after a restart") {
    std::string id;
    auto told = stored_tally(id);
    world w(told, {});
    w.map().load();
    CHECK(told->changes().empty());

    auto r = w.wait(w.open(id));
    CHECK(tally_of(r.value).woken == 1);
    CHECK(r.value->revision == 2);
    CHECK(told->changes().size() == 1);

    w.wait(w.send(id, w.to_top(id, "inc")));
    CHECK(tally_of(w.value(id)).woken == 1);
}

TEST_CASE("a page that reconnects after a restart receives the changes of the wakeup") {
    std::string id;
    auto told = stored_tally(id);
    world w(told, {});
    w.map().load();
    auto page = std::make_shared<recorder>();
    w.wait(w.attach(id, 1, page));
    CHECK(page->revisions() == std::vector<std::uint64_t>{2});
}

TEST_CASE("a wakeup that cannot be saved changes nothing and is retried on the next use") {
    std::string id;
    auto told = stored_tally(id);
    world w(told, {});
    w.map().load();
    told->answer(answer_of_store::refused);
    CHECK(w.wait(w.open(id)).result == status::not_saved);
    auto r = w.wait(w.open(id));
    CHECK(r.result == status::ok);
    CHECK(tally_of(r.value).woken == 1);
}

TEST_CASE("a tombstone records where a lost conversation began") {
    auto told = std::make_shared<script>();
    told->stored = {
        {"lost",
         4,
         record_status::tombstone,
         {{"head", R"({"format":1,"owner":"owner","mount":"/flow","touched":1})"}}}
    };
    world w(told, [](conversation_options& o) { o.idle_timeout = 1min; });
    CHECK(w.map().load().lost == 1);
    auto r = w.wait(w.open("lost"));
    CHECK(r.result == status::lost);
    CHECK(r.mount == "/flow");
    CHECK(r.value == nullptr);
    CHECK(w.wait(w.send("lost", {})).result == status::lost);
    CHECK(w.wait(w.open("lost", "eve")).result == status::foreign);

    w.advance(2min);
    CHECK(w.map().reap() == 1);
    CHECK(w.map().reap() == 0);
    w.stop();
    CHECK(w.map().size() == 0);
    CHECK(told->changes().back().kind == change_kind::remove);
}

TEST_CASE("unreadable records are kept and do not affect other conversations") {
    std::string id;
    auto told = stored_tally(id);
    auto newer = told->stored[0];
    newer.id = "newer";
    auto& head = newer.parts[0].body;
    head.replace(head.find("live/tally"), 10, "from/tomorrow");
    told->stored.insert(told->stored.begin(), newer);
    told->stored.push_back({"torn", 1, record_status::kept, {{"head", "{"}}});
    told->stored.push_back({"mark", 1, record_status::tombstone, {}});
    told->quarantined.push_back({"bad", "not JSON", "quarantine/bad"});

    world w(told, [](conversation_options& o) {
        o.idle_timeout = 1min;
        o.unused_timeout = 1min;
    });
    auto summary = w.map().load();
    CHECK(summary.loaded == 1);
    CHECK(summary.unusable == 2);
    CHECK(summary.unknown_component == 1);
    CHECK(summary.quarantined == 1);
    CHECK(w.wait(w.open("newer")).result == status::other_release);
    CHECK(w.wait(w.open("torn")).result == status::unusable);
    CHECK(w.log().find("from/tomorrow") != std::string::npos);
    CHECK(w.log().find("quarantine/bad") != std::string::npos);

    w.advance(2min);
    CHECK(w.map().reap() == 2);
    w.stop();
    CHECK(w.map().size() == 2);
    for (const auto& each : told->changes())
        CHECK((each.id == id || each.id == "newer"));
}

TEST_CASE("tombstones do not count for the owner's limit") {
    auto told = std::make_shared<script>();
    for (auto id : {"a", "b", "c"}) {
        told->stored.push_back(
            {id,
             4,
             record_status::tombstone,
             {{"head", R"({"format":1,"owner":"owner","mount":"/","touched":1})"}}}
        );
    }
    world w(told, [](conversation_options& o) { o.max_per_owner = 1; });
    w.map().load();
    auto first = w.minted(a_tally());
    CHECK(w.wait(w.open(first)).result == status::ok);
    w.advance(1s);
    w.minted(a_tally());
    CHECK(w.wait(w.open(first)).result == status::gone);
    w.stop();
    CHECK(w.map().size() == 4);
}

// --- stopping

TEST_CASE("stopping waits for accepted events and refuses later ones") {
    world w;
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");
    w.store().close_gate();
    auto p = w.send(id, e);
    w.store().wait_for_saves(2);

    std::thread stopping([&] { w.map().stop(); });
    w.store().open_gate();
    stopping.join();

    CHECK(w.wait(p).result == status::ok);
    CHECK(w.store().changes().size() == 2);
    CHECK(w.wait(w.send(id, e)).result == status::store_down);
    CHECK(w.wait(w.mint(a_tally())).result == status::store_down);
    w.map().stop();
}

TEST_CASE("an operation that still waits when the map stops is not run") {
    world w;
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");
    w.store().close_gate();
    auto first = w.send(id, e);
    w.store().wait_for_saves(2);
    bool has_run = false;
    auto second = w.swap(id, [&](const conversation&) {
        has_run = true;
        return outcome{.verdict = verdict::stale};
    });

    std::thread stopping([&] { w.map().stop(); });
    while (w.wait(w.send("nobody", e)).result != status::store_down)
        std::this_thread::yield();
    w.store().open_gate();
    stopping.join();

    CHECK(w.wait(first).result == status::ok);
    CHECK(w.wait(second).result == status::store_down);
    CHECK_FALSE(has_run);
}

TEST_CASE("every waiting operation gets a reply when the map stops") {
    world w;
    auto id = w.minted(a_tally());
    auto e = w.to_top(id, "inc");
    w.store().close_gate();
    std::vector<pending> replies;
    for (event_id i = 100; i < 110; ++i) {
        e.id = i;
        replies.push_back(w.send(id, e));
    }
    w.store().wait_for_saves(2);
    std::thread stopping([&] { w.map().stop(); });
    w.store().open_gate();
    stopping.join();

    for (const auto& each : replies) {
        auto what = w.wait(each).result;
        CHECK((what == status::ok || what == status::store_down));
    }
}
