#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
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

    markup render() const {
        return form(
            input(bind<&claim::note>(*this)),
            button(on<"click", &claim::raise>(10), "+"),
            button(on<"click", &claim::save>, "save"),
            button(on<"click", &claim::ask>, "?"),
            button(on<"click", &claim::remind>, "r"),
            button(on<"click", &claim::listen>, "l"),
            button(on<"click", &claim::compute>, "c"),
            button(on<"click", &claim::finish>, ".")
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
     finish)
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

TEST_CASE("a store without an archive gets no commits") {
    world w;
    const auto id = w.minted(call<claim>().release());
    w.wait(w.send(id, w.to_top(id, "raise", "[1]")));
    for (const auto& each : w.store().changes())
        CHECK(each.commit == nullptr);
}
