#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/live_support.hpp"

#include <stube/runtime/behavior.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/ui.hpp>

#include <boost/describe/class.hpp>

#include <doctest/doctest.h>

using namespace live_test;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct claim {
    static constexpr std::string_view component = "archive/claim";
    int amount = 0;
    std::string state = "open";
    field<std::string> note;

    void raise(int by) { amount += by; }

    void save() { state = note.value(); }

    effects ask() { return call<ui::confirm>("Approve?").then<&claim::decide>(); }

    void decide(bool yes) { state = yes ? "approved" : "rejected"; }

    effects remind() { return after<&claim::reminded>(1h); }

    void reminded() { state = "reminded"; }

    effects listen() { return subscribe<&claim::hear>("rates"); }

    void hear(int rate) { amount = rate; }

    effects compute() {
        return run<&claim::computed>([] { return 42; });
    }

    void computed(int result) { amount = result; }

    effects finish() { return end(p("Done")); }

    effects name(const std::string& alias) { return write_alias(alias); }

    markup render() const {
        return form(
            input(bind<&claim::note>(*this)),
            button(on<"click", &claim::raise>(10), "+"),
            button(on<"click", &claim::save>, "save"),
            button(on<"click", &claim::ask>, "?"),
            button(on<"click", &claim::remind>, "r"),
            button(on<"click", &claim::listen>, "l"),
            button(on<"click", &claim::compute>, "c"),
            button(on<"click", &claim::finish>, "."),
            button(on<"click", &claim::name>("order-1"), "n")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    claim,
    (),
    (amount,
     state,
     note,
     raise,
     save,
     ask,
     decide,
     remind,
     reminded,
     listen,
     hear,
     compute,
     computed,
     finish,
     name)
)

struct unrecorded {
    static constexpr std::string_view component = "archive/unrecorded";
    static constexpr bool archived = false;
    int n = 0;

    void inc() { ++n; }

    effects continue_as_claim() { return become<claim>(); }

    markup render() const {
        return p(
            button(on<"click", &unrecorded::inc>, n),
            button(on<"click", &unrecorded::continue_as_claim>, "go")
        );
    }
};
BOOST_DESCRIBE_STRUCT(unrecorded, (), (n, inc, continue_as_claim))

struct account {
    static constexpr std::string_view component = "archive/account";
    int opened = 0;
    field<std::string> name;
    field<transient<std::string>> password;

    void open(int /*kind*/, const transient<std::string>& /*pin*/) { ++opened; }

    effects fetch() {
        return run<&account::fetched>([] { return encrypted<std::string>("mellon"); });
    }

    void fetched(const encrypted<std::string>& /*token*/) { ++opened; }

    markup render() const {
        return form(
            ui::input_for<&account::name>(*this, "Name"),
            ui::input_for<&account::password>(*this, "Password"),
            button(on<"click", &account::fetch>, "Fetch"),
            div(stube::behavior("pad").event<&account::open>())
        );
    }
};
BOOST_DESCRIBE_STRUCT(account, (), (opened, name, password, open, fetch, fetched))

struct tally {
    static constexpr std::string_view component = "archive/tally";
    int n = 0;

    void inc() { ++n; }

    void touch() {}

    effects finish() { return end(p("Done")); }

    markup render() const {
        return p(
            n,
            button(on<"click", &tally::inc>, "+"),
            button(on<"click", &tally::touch>, "="),
            button(on<"click", &tally::finish>, ".")
        );
    }
};
BOOST_DESCRIBE_STRUCT(tally, (), (n, inc, touch, finish))

struct pair_of_tallies {
    static constexpr std::string_view component = "archive/pair";
    slot<tally> left;
    slot<tally> right;

    markup render() const { return div(left, right); }
};
BOOST_DESCRIBE_STRUCT(pair_of_tallies, (), (left, right))

std::shared_ptr<script> with_archive() {
    auto told = std::make_shared<script>();
    told->archives = true;
    return told;
}

/// A claim in a world whose store keeps an archive.
struct archived_world {
    std::shared_ptr<script> told = with_archive();
    world w{told, {}};
    std::string id;

    archived_world() { id = w.minted(call<claim>().release()); }

    reply send(std::string name, std::string arguments = "") {
        return w.wait(w.send(id, w.to_top(id, std::move(name), std::move(arguments))));
    }

    change last() const { return told->changes().back(); }

    std::string last_event() const { return last().commit->event; }
};

}  // namespace

TEST_CASE("each commit is recorded with its cause, its time and the head before it") {
    archived_world a;
    a.w.advance(5s);
    a.send("raise", "[10]");

    const auto changes = a.told->changes();
    REQUIRE(changes.size() == 2);
    CHECK(
        changes[0].commit->event ==
        R"({"kind":"visit","principal":"principal","mount":"/here","component":"archive/claim",)"
        R"("state":{"amount":0,"state":"open","note":""}})"
    );
    CHECK(changes[0].commit->parent == 0);
    CHECK(changes[0].commit->time == 3'600'000'000'000);
    CHECK(
        changes[1].commit->event ==
        R"({"kind":"event","principal":"principal","id":"0000000000000001",)"
        R"("component":"archive/claim","instance":1,"member":"raise","arguments":[10]})"
    );
    CHECK(changes[1].commit->parent == 1);
    CHECK(changes[1].commit->time == 3'600'000'005'000);
    CHECK(changes[1].revision == 2);
}

TEST_CASE("the fields that a user has filled in are part of the recorded event") {
    archived_world a;
    auto saved = a.w.to_top(a.id, "save");
    saved.form = {{"i1-note", "a \"quoted\" note"}};
    a.w.wait(a.w.send(a.id, saved));
    CHECK(
        a.last_event().find(R"("fields":[["i1-note","a \"quoted\" note"]])") != std::string::npos
    );
}

TEST_CASE("a recorded event contains null in place of secret fields and arguments") {
    auto told = with_archive();
    world w(told, {});
    const auto id = w.minted(call<account>().release());
    auto opened = w.to_top(id, "open", R"([7,"1234"])");
    opened.form = {
        {"i1-name", "Ada"},
        {"i1-password", "mellon"},
        {"i9-password", "of a component that has left"},
        {"x", "of no component"}
    };
    CHECK(w.wait(w.send(id, opened)).result == status::ok);
    CHECK(
        told->changes().back().commit->event ==
        R"({"kind":"event","principal":"principal","id":"0000000000000001",)"
        R"("component":"archive/account","instance":1,"member":"open","arguments":[7,null],)"
        R"("fields":[["i1-name","Ada"],["i1-password",null]]})"
    );
    const auto events = w.map().history().event_view(id);
    CHECK(events.back().arguments == "[7,null]");
    REQUIRE(events.back().fields.size() == 2);
    CHECK(events.back().fields[0].value == "Ada");
    CHECK_FALSE(events.back().fields[1].value);
}

TEST_CASE("a recorded result of work contains its secret values masked") {
    auto told = with_archive();
    world w(told, {});
    const auto id = w.minted(call<account>().release());
    CHECK(w.wait(w.send(id, w.to_top(id, "fetch"))).result == status::ok);
    while (w.value(id)->revision < 3)
        w.thread.run_one();
    CHECK(
        told->changes().back().commit->event ==
        R"json({"kind":"work_result","principal":"principal","number":2,"value":"(secret)"})json"
    );
}

TEST_CASE("timers, messages and results of work are recorded as causes") {
    archived_world a;
    a.send("remind");
    a.w.pass(1h);
    CHECK(a.w.value(a.id)->revision == 3);
    CHECK(a.last_event() == R"({"kind":"timers","principal":"principal"})");

    a.send("listen");
    a.w.map().publish("rates", "[7]");
    a.w.value(a.id);
    CHECK(
        a.last_event() ==
        R"({"kind":"message","principal":"principal","topic":"rates","arguments":[7]})"
    );

    a.send("compute");
    while (a.w.value(a.id)->revision < 7)
        a.w.thread.run_one();
    CHECK(
        a.last_event() == R"({"kind":"work_result","principal":"principal","number":2,"value":42})"
    );
}

TEST_CASE("after Back the parent of a head is the head at which the user left the step") {
    archived_world a;
    a.send("raise", "[10]");  // 2
    a.send("ask");            // 3: a step, from the state of 2
    a.send("yes");            // 4: a step, from the state of 3
    pending back;
    a.w.map().go_back(a.id, "owner", 0, std::nullopt, a.w.thread, back.callback());
    CHECK(a.w.wait(back).result == status::ok);
    CHECK(a.last().revision == 5);
    CHECK(a.last().commit->parent == 3);
    CHECK(
        a.last_event() == R"({"kind":"navigation","principal":"principal","id":"0000000000000000"})"
    );

    a.send("no");
    CHECK(a.last().revision == 6);
    CHECK(a.last().commit->parent == 5);
}

TEST_CASE("the archived parts of each head decode to the conversation at that revision") {
    archived_world a;
    auto* kept = dynamic_cast<archive*>(scripted_store(a.told).release());
    const std::unique_ptr<archive> owner(kept);
    std::vector<std::shared_ptr<const conversation>> values{a.w.value(a.id)};
    for (const auto* name : {"ask", "yes", "remind", "ask", "no"}) {
        a.send(name);
        values.push_back(a.w.value(a.id));
    }
    for (const auto& value : values) {
        CAPTURE(value->revision);
        auto state = kept->state(a.id, value->revision);
        REQUIRE(state);
        const auto decoded = decode_conversation(restored_record(a.id, *std::move(state)));
        auto expected = *value;
        expected.unseen = false;  // the archive does not record this
        const auto wanted = encode_change(nullptr, expected, false);
        const auto got = encode_change(nullptr, decoded, false);
        CHECK(got.written == wanted.written);
        CHECK(got.revision == wanted.revision);
    }
}

TEST_CASE("the archived parts have nothing that differs in every save") {
    archived_world a;
    a.send("raise", "[10]");
    for (const auto& change : a.told->changes()) {
        CHECK(change.commit->about.find("\"revision\":") != std::string::npos);
        for (const auto& each : change.commit->written)
            CHECK(each.body.find("as_of") == std::string::npos);
    }
}

TEST_CASE("commits are not recorded while the component at the root is not archived") {
    auto told = with_archive();
    world w(told, {});
    const auto id = w.minted(call<unrecorded>().release());
    w.wait(w.send(id, w.to_top(id, "inc")));
    CHECK(told->changes().back().commit == nullptr);

    w.wait(w.send(id, w.to_top(id, "continue_as_claim")));
    CHECK(told->changes().back().commit != nullptr);
}

TEST_CASE("the end of a conversation is its last recorded commit") {
    archived_world a;
    CHECK(a.send("finish").result == status::ended);
    CHECK(a.last().kind == change_kind::remove);
    CHECK(a.last().revision == 2);
    CHECK(a.last().commit->parent == 1);
    CHECK(a.last().commit->written.empty());
    CHECK(a.last_event().find(R"("member":"finish")") != std::string::npos);
    CHECK_FALSE(a.last().forgets);
}

TEST_CASE("a conversation that is deleted before its first event leaves the archive") {
    auto told = with_archive();
    world w(told, [](conversation_options& o) { o.unused_timeout = 1min; });
    const auto id = w.unseen(call<claim>().release());
    w.advance(2h);
    CHECK(w.map().reap() == 1);
    CHECK(w.wait(w.open(id)).result == status::gone);
    CHECK(told->changes().back().forgets);
    CHECK(told->changes().back().commit == nullptr);
}

TEST_CASE("a conversation that expires after an event stays in the archive") {
    auto told = with_archive();
    world w(told, [](conversation_options& o) { o.idle_timeout = 1h; });
    const auto id = w.minted(call<claim>().release());
    w.wait(w.send(id, w.to_top(id, "raise", "[1]")));
    w.advance(2h);
    CHECK(w.map().reap() == 1);
    CHECK(w.wait(w.open(id)).result == status::just_ended);
    const auto last = told->changes().back();
    CHECK(last.kind == change_kind::remove);
    CHECK_FALSE(last.forgets);
    REQUIRE(last.commit);
    CHECK(last.commit->event.find(R"("kind":"removal")") != std::string::npos);
}

// --- views

TEST_CASE("the audit of a conversation names who did what and when, in order") {
    archived_world a;
    a.w.advance(5s);
    a.send("raise", "[10]");
    auto saved = a.w.to_top(a.id, "save");
    saved.form = {{"i1-note", "urgent"}};
    a.w.wait(a.w.send(a.id, saved));

    const auto events = a.w.map().history().event_view(a.id);
    REQUIRE(events.size() == 3);
    CHECK(events[0].kind == "visit");
    CHECK(events[0].component == "archive/claim");
    CHECK(events[1].head == 2);
    CHECK(events[1].parent == 1);
    CHECK(events[1].time == time_point(3'600'000'005'000ms));
    CHECK(events[1].principal == "principal");
    CHECK(events[1].member == "raise");
    CHECK(events[1].arguments == "[10]");
    REQUIRE(events[2].fields.size() == 1);
    CHECK(events[2].fields[0].instance == 1);
    CHECK(events[2].fields[0].name == "note");
    CHECK(events[2].fields[0].value == "urgent");

    const auto newest_of_two = a.w.map().history().event_view(a.id, {.before = 3, .count = 1});
    REQUIRE(newest_of_two.size() == 1);
    CHECK(newest_of_two[0].head == 2);
    CHECK(a.w.map().history().event_view("unknown").empty());
}

TEST_CASE("the state at an earlier head is the conversation as it was then") {
    archived_world a;
    a.send("raise", "[10]");
    a.send("raise", "[5]");
    const auto history = a.w.map().history();
    const auto amount_at = [&](std::optional<std::uint64_t> head) {
        const auto view = history.view(a.id, head);
        REQUIRE(view);
        return static_cast<const claim*>(view->value.top().state.get())->amount;
    };
    CHECK(amount_at(1) == 0);
    CHECK(amount_at(2) == 10);
    CHECK(amount_at(3) == 15);
    CHECK(amount_at(std::nullopt) == 15);
    CHECK_FALSE(history.view(a.id, 4));
    CHECK_FALSE(history.view("unknown"));
}

TEST_CASE("the branch that a user abandoned with Back stays in the history") {
    archived_world a;
    a.send("ask");  // 2
    a.send("yes");  // 3
    pending back;
    a.w.map().go_back(a.id, "owner", 0, std::nullopt, a.w.thread, back.callback());
    a.w.wait(back);  // 4, continues 2
    a.send("no");    // 5

    const auto view = a.w.map().history().history_view(a.id);
    REQUIRE(view.branches.size() == 2);
    CHECK(view.branches[0].tip == 5);
    CHECK(view.branches[0].is_current);
    CHECK(view.branches[1].tip == 3);
    CHECK(view.branches[1].fork == 2);
    CHECK_FALSE(view.branches[1].is_current);
    std::vector<std::uint64_t> abandoned;
    for (const auto& each : view.events)
        if (!each.is_on_current_branch) abandoned.push_back(each.head);
    CHECK(abandoned == std::vector<std::uint64_t>{3});

    const auto approved = a.w.map().history().view(a.id, 3);
    REQUIRE(approved);
    CHECK(static_cast<const claim*>(approved->value.top().state.get())->state == "approved");
}

TEST_CASE("the messages of a conversation are what was entered and the pages that were shown") {
    archived_world a;
    a.send("raise", "[10]");
    a.send("finish");

    const auto history = a.w.map().history();
    const auto with_content = history.message_records(a.id, {.include_content = true});
    REQUIRE(with_content.size() == 5);
    CHECK(with_content[0].direction == direction::shown);
    CHECK(with_content[0].content->find("<form") != std::string::npos);
    CHECK(with_content[1].direction == direction::entered);
    CHECK(
        with_content[1].content ==
        R"({"component":"archive/claim","member":"raise","arguments":[10]})"
    );
    CHECK(with_content[3].direction == direction::entered);
    CHECK(with_content[4].direction == direction::shown);
    CHECK(with_content[4].content == "<p>Done</p>");

    for (const auto& each : history.message_records(a.id))
        CHECK_FALSE(each.content);
}

TEST_CASE("the page at a head is rendered again from the archived state") {
    world w(with_archive(), {});
    const auto id = w.minted(call<tally>().release());
    w.wait(w.send(id, w.to_top(id, "inc")));
    const auto history = w.map().history();
    CHECK(
        history.page(id, 1) ==
        R"(<p id="i1">0<button>+</button><button>=</button><button>.</button></p>)"
    );
    CHECK(
        history.page(id, 2) ==
        R"(<p id="i1">1<button>+</button><button>=</button><button>.</button></p>)"
    );
    CHECK_FALSE(history.page(id, 3));
    CHECK_FALSE(history.page("unknown", 1));
}

TEST_CASE("the page at the head that ended a conversation is its last view") {
    world w(with_archive(), {});
    const auto id = w.minted(call<tally>().release());
    w.wait(w.send(id, w.to_top(id, "finish")));
    CHECK(w.map().history().page(id, 2) == "<p>Done</p>");
    CHECK(w.map().history().patches(id, 2).empty());
}

TEST_CASE("the patches of a head turn the page before it into its page") {
    world w(with_archive(), {});
    const auto id = w.minted(call<pair_of_tallies>().release());
    auto to_the_right = w.to_top(id, "inc");
    to_the_right.instance = 3;
    w.wait(w.send(id, std::move(to_the_right)));
    const auto history = w.map().history();

    const auto first = history.patches(id, 1);
    REQUIRE(first.size() == 1);
    CHECK(first[0].kind == "view");

    const auto second = history.patches(id, 2);
    REQUIRE(second.size() == 1);
    CHECK(second[0].kind == "instance");
    CHECK(second[0].instance == 3);
    CHECK(
        second[0].html ==
        R"(<p id="i3">1<button>+</button><button>=</button><button>.</button></p>)"
    );
    CHECK(history.patches(id, 3).empty());
}

TEST_CASE("a head whose page is the same as before has no patches") {
    world w(with_archive(), {});
    const auto id = w.minted(call<tally>().release());
    w.wait(w.send(id, w.to_top(id, "touch")));
    CHECK(w.map().history().patches(id, 2).empty());
}

TEST_CASE("an alias names one conversation, also after its end") {
    archived_world a;
    CHECK(a.send("name", R"(["order-1"])").result == status::ok);
    CHECK(a.send("name", R"(["order-2"])").result == status::ok);
    const auto history = a.w.map().history();
    CHECK(history.find_alias("order-1") == a.id);
    CHECK(history.history_view(a.id).aliases == std::vector<std::string>{"order-1", "order-2"});
    CHECK_FALSE(history.find_alias("order-3"));

    const auto other = a.w.minted(call<claim>().release());
    const auto taken = a.w.wait(a.w.send(other, a.w.to_top(other, "name", R"(["order-1"])")));
    CHECK(taken.result == status::failed);
    CHECK(a.w.log().find("belongs to another conversation") != std::string::npos);
    CHECK(a.w.value(other)->revision == 1);

    a.send("finish");
    CHECK(history.find_alias("order-1") == a.id);
}

TEST_CASE("an event that writes an alias fails if the alias or the store cannot have it") {
    archived_world a;
    CHECK(a.send("name", R"([""])").result == status::failed);
    CHECK(a.send("name", R"(["line\nbreak"])").result == status::failed);
    CHECK(a.w.value(a.id)->revision == 1);

    world without;
    const auto id = without.minted(call<claim>().release());
    const auto r = without.wait(without.send(id, without.to_top(id, "name", R"(["x"])")));
    CHECK(r.result == status::failed);
    CHECK(without.log().find("needs a store that keeps an archive") != std::string::npos);
}

TEST_CASE("the history of a conversation outlives its end") {
    archived_world a;
    a.send("raise", "[10]");
    a.send("finish");
    const auto view = a.w.map().history().view(a.id);
    REQUIRE(view);
    CHECK(view->has_ended);
    CHECK(view->head == 3);
    CHECK(static_cast<const claim*>(view->value.top().state.get())->amount == 10);
}

TEST_CASE("a fork continues the state of a head, and both conversations know it") {
    archived_world a;
    a.send("raise", "[10]");
    a.send("raise", "[5]");
    const auto made = a.w.wait(a.w.mint(fork_of{a.id, 2}));
    REQUIRE(made.result == status::ok);
    CHECK(made.value->id != a.id);
    CHECK(static_cast<const claim*>(made.value->top().state.get())->amount == 10);
    CHECK(made.value->revision == 3);
    CHECK(
        a.last_event() == R"({"kind":"restored","principal":"principal","mount":"/here","from":")" +
                              a.id + R"(","head":2})"
    );

    const auto history = a.w.map().history();
    for (const auto& id : {a.id, made.value->id}) {
        const auto forks = history.derivations(id);
        REQUIRE(forks.size() == 1);
        CHECK(forks[0].id == made.value->id);
        CHECK(forks[0].from == a.id);
        CHECK(forks[0].head == 2);
    }
    CHECK(a.w.value(a.id)->revision == 3);
    CHECK(static_cast<const claim*>(a.w.value(a.id)->top().state.get())->amount == 15);
}

TEST_CASE("a fork of a head that the archive does not have begins no conversation") {
    archived_world a;
    for (const auto& origin : {fork_of{a.id, 7}, fork_of{"unknown", 0}}) {
        const auto r = a.w.wait(a.w.mint(origin));
        CHECK(r.result == status::failed);
        CHECK_FALSE(r.error_id.empty());
    }
    CHECK(a.w.map().size() == 1);

    world without;
    CHECK(without.wait(without.mint(fork_of{"any", 0})).result == status::failed);
    CHECK(without.map().size() == 0);
}

TEST_CASE("a conversation that has ended can be forked from the state before its end") {
    archived_world a;
    a.send("raise", "[10]");
    a.send("finish");
    const auto made = a.w.wait(a.w.mint(fork_of{a.id, 0}));
    REQUIRE(made.result == status::ok);
    CHECK(static_cast<const claim*>(made.value->top().state.get())->amount == 10);
}

TEST_CASE("a store without an archive has no history") {
    world w;
    CHECK_THROWS_AS(w.map().history(), store_refused);
}

TEST_CASE("a store without an archive gets no commits") {
    world w;
    const auto id = w.minted(call<claim>().release());
    w.wait(w.send(id, w.to_top(id, "raise", "[1]")));
    for (const auto& each : w.store().changes())
        CHECK(each.commit == nullptr);
}
