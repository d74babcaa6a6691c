#include "runtime/live_support.hpp"

#include <stube/runtime/behavior.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/random_id.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>
#include <stube/store/sqlite_store.hpp>

#include <boost/describe/class.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <sstream>

using namespace live_test;
using namespace stube::html;
using namespace std::chrono_literals;
using live::replay_result;

namespace {

/// The behaviour of `order` that a test changes, as if another release replayed the record.
struct release {
    int surcharge = 0;
    bool has_rates = false;
};

release current;

/// The application's object.
struct rates {
    int of_day = 0;
};

struct order {
    static constexpr std::string_view component = "replay/order";
    int amount = 0;
    int ticket = 0;
    std::string state = "open";
    std::int64_t changed = 0;
    field<std::string> note;

    void raise(context& c, int by) {
        amount += by + current.surcharge;
        changed = c.now().time_since_epoch().count();
    }

    void draw(context& c) {
        ticket = std::uniform_int_distribution(1, 1'000'000)(c.random());
        ticket += std::uniform_int_distribution(1, 1'000'000)(c.random());
    }

    void save() { state = note.value(); }

    void save_and_fail() { throw std::runtime_error("the archive of orders is closed"); }

    effects ask() { return call<ui::confirm>("Approve?").then<&order::decide>(); }

    void decide(bool yes) { state = yes ? "approved" : "rejected"; }

    effects remind(int minutes) {
        return after<&order::reminded>(std::chrono::minutes(minutes), minutes);
    }

    void reminded(int minutes) { amount += minutes; }

    effects listen() { return subscribe<&order::hear>("rates"); }

    void hear(int rate) { amount = rate; }

    effects compute() {
        return run<&order::computed>([] { return std::vector<std::string>{"a", "b"}; });
    }

    void computed(const std::vector<std::string>& result) { state = result.at(1); }

    effects compute_badly() {
        return run<&order::computed>(
                   []() -> std::vector<std::string> { throw std::runtime_error("no result"); }
        ).or_else<&order::not_computed>();
    }

    void not_computed(const failure& why) { state = why.message; }

    void check() {
        if (!current.has_rates) throw std::runtime_error("there is no rate for " + state);
    }

    void price(context& c) { amount = c.app<rates>().of_day; }

    effects finish() { return end(p("Done: ", amount)); }

    void wakeup() { ++amount; }

    markup render() const {
        return form(
            p("amount ", amount, ", ", state),
            input(bind<&order::note>(*this)),
            button(on<"click", &order::raise>(10), "+"),
            button(on<"click", &order::draw>, "draw"),
            button(on<"click", &order::save>, "save"),
            button(on<"click", &order::save_and_fail>, "save and fail"),
            button(on<"click", &order::ask>, "ask"),
            button(on<"click", &order::remind>(5), "remind"),
            button(on<"click", &order::listen>, "listen"),
            button(on<"click", &order::compute>, "compute"),
            button(on<"click", &order::compute_badly>, "compute badly"),
            button(on<"click", &order::check>, "check"),
            button(on<"click", &order::price>, "price"),
            button(on<"click", &order::finish>, "finish")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    order,
    (),
    (amount,
     ticket,
     state,
     changed,
     note,
     raise,
     draw,
     save,
     save_and_fail,
     ask,
     decide,
     remind,
     reminded,
     listen,
     hear,
     compute,
     computed,
     compute_badly,
     not_computed,
     check,
     price,
     finish)
)

/// Waits from its start on, so that the first look at its page is a commit.
struct reminder {
    static constexpr std::string_view component = "replay/reminder";
    int n = 0;

    effects start() { return after<&reminder::count>(100h); }

    void count() { ++n; }

    void wakeup() { n += 10; }

    markup render() const { return p(n, button(on<"click", &reminder::count>, "+")); }
};
BOOST_DESCRIBE_STRUCT(reminder, (), (n, count))

struct desk {
    static constexpr std::string_view component = "replay/desk";
    std::string approved_by;

    audience waits_for() const { return audience::role("approver"); }

    void approve(context& c) { approved_by = c.principal().name; }

    markup render() const { return p(approved_by, button(on<"click", &desk::approve>, "Approve")); }
};
BOOST_DESCRIBE_STRUCT(desk, (), (approved_by, approve))

struct vault {
    static constexpr std::string_view component = "replay/vault";
    int opened = 0;
    encrypted<std::string> key;
    field<transient<std::string>> pin;

    void open(const transient<std::string>& code) { opened += code.reveal() == "1234" ? 1 : 100; }

    void refuse(const transient<std::string>& /*code*/) { throw std::runtime_error("refused"); }

    void keep(const encrypted<std::string>& fresh) { key = fresh; }

    effects fetch() {
        return run<&vault::keep>([] { return encrypted<std::string>("mellon"); });
    }

    void count() { ++opened; }

    markup render() const {
        return form(
            ui::input_for<&vault::pin>(*this, "PIN"),
            button(on<"click", &vault::fetch>, "fetch"),
            button(on<"click", &vault::count>, "count"),
            div(stube::behavior("pad").event<&vault::open>().event<&vault::refuse>())
        );
    }
};
BOOST_DESCRIBE_STRUCT(vault, (), (opened, key, pin, open, refuse, keep, fetch, count))

/// A conversation whose store keeps an archive.
struct recorded_world {
    std::shared_ptr<script> told = [] {
        auto out = std::make_shared<script>();
        out->archives = true;
        return out;
    }();
    world w{told, [](conversation_options& o) {
                o.secrets = {{"2026", "0123456789abcdef0123456789abcdef"}};
                o.access = [](const access_request&) { return true; };
            }};
    std::string id;

    explicit recorded_world(effect::call root) : id(w.minted(std::move(root))) { current = {}; }

    recorded_world() : recorded_world(call<order>().release()) {}

    ~recorded_world() { current = {}; }

    reply send(std::string name, std::string arguments = "") {
        return w.wait(w.send(id, w.to_top(id, std::move(name), std::move(arguments))));
    }

    void go_back() {
        pending back;
        w.map().go_back(id, "owner", 0, std::nullopt, w.thread, back.callback());
        REQUIRE(w.wait(back).result == status::ok);
    }

    void wait_for_revision(std::uint64_t revision) {
        while (w.value(id)->revision < revision)
            w.thread.run_one();
    }

    std::vector<live::replayed_event>
    replay(std::uint64_t from_head = 0, const environment& with = {}) {
        return w.map().history().replay(id, from_head, with);
    }

    std::string exported() { return w.map().history().export_of(id).value(); }

    /// Ends the map, so that the archive has all failures.
    void stop() { w.stop(); }
};

/// The heads of a replay, each with its result unless it is the same: "1 2 3:differs".
std::string results_of(const std::vector<live::replayed_event>& replayed) {
    std::string out;
    for (const auto& each : replayed) {
        out += (out.empty() ? "" : " ") + std::to_string(each.head) + (each.is_failure ? "f" : "");
        if (each.result == replay_result::differs) out += ":differs";
        if (each.result == replay_result::not_compared) out += ":not_compared";
    }
    return out;
}

test_conversation test_of(const std::string& exported, std::uint64_t head = 0) {
    return test_conversation::from_export(std::istringstream(exported), head);
}

const order& order_in(const conversation& of) {
    return *static_cast<const order*>(of.top().state.get());
}

}  // namespace

TEST_CASE("a replay of events gives the recorded states") {
    recorded_world r;
    r.w.advance(5s);
    r.send("raise", "[10]");
    auto saved = r.w.to_top(r.id, "save");
    saved.form = {{"i1-note", "a \"quoted\" note"}};
    r.w.wait(r.w.send(r.id, saved));
    CHECK(results_of(r.replay()) == "1 2 3");
    CHECK(results_of(r.replay(2)) == "3");
    CHECK(r.replay(7).empty());
}

TEST_CASE("a replay draws the recorded random numbers") {
    recorded_world r;
    r.send("raise", "[10]");
    CHECK(r.told->changes().back().commit->event.find("\"random\"") == std::string::npos);
    r.send("draw");
    const auto first = order_in(*r.w.value(r.id)).ticket;
    CHECK(r.told->changes().back().commit->event.find("\"random\":\"") != std::string::npos);
    r.send("draw");
    CHECK(order_in(*r.w.value(r.id)).ticket != first);
    CHECK(results_of(r.replay()) == "1 2 3 4");
}

TEST_CASE("a replay follows calls and Back and an abandoned branch") {
    recorded_world r;
    r.send("ask");            // 2
    r.send("yes");            // 3
    r.send("raise", "[10]");  // 4
    r.go_back();              // 5
    r.send("no");             // 6
    CHECK(results_of(r.replay()) == "1 2 3 4 5 6");
    CHECK(results_of(r.replay(4)) == "5 6");
}

TEST_CASE("a replay repeats timers and messages and results of work") {
    recorded_world r;
    r.send("remind", "[5]");  // 2
    r.w.pass(5min);           // 3
    r.send("listen");         // 4
    r.w.map().publish("rates", "[7]");
    r.wait_for_revision(5);
    r.send("compute");  // 6
    r.wait_for_revision(7);
    r.send("compute_badly");  // 8
    r.wait_for_revision(9);
    CHECK(order_in(*r.w.value(r.id)).state == "This could not be completed.");
    CHECK(results_of(r.replay()) == "1 2 3 4 5 6 7 8 9");
}

TEST_CASE("a replay repeats the first look at a page and the first use after a restart") {
    const auto folder = std::filesystem::temp_directory_path() / random_id();
    std::filesystem::create_directory(folder);
    const auto storage = [&] {
        return sqlite_store((folder / "conversations.db").string(), {.archive = true});
    };
    std::string id;
    {
        world w({}, storage());
        w.map().load();
        id = w.unseen(call<reminder>().release());
        w.wait(w.open(id));
        w.wait(w.send(id, w.to_top(id, "count")));
    }
    {
        world w({}, storage());
        w.map().load();
        w.wait(w.open(id));
        auto counted = w.to_top(id, "count");
        counted.id = 99;  // of another page
        w.wait(w.send(id, counted));
        std::string kinds;
        for (const auto& each : w.map().history().event_view(id))
            kinds += each.kind + " ";
        CHECK(kinds == "visit seen event restart event ");
        CHECK(results_of(w.map().history().replay(id)) == "1 2 3 4 5");
    }
    std::filesystem::remove_all(folder);
}

TEST_CASE("a replay repeats the end of a conversation") {
    recorded_world r;
    r.send("raise", "[10]");
    r.send("finish");
    CHECK(results_of(r.replay()) == "1 2 3");
}

TEST_CASE("a replay repeats a removal") {
    recorded_world r;
    r.send("raise", "[10]");
    r.w.advance(std::chrono::hours(10'000));
    r.w.map().reap();
    r.w.thread.run_all();
    r.w.stop();
    REQUIRE(r.told->changes().back().kind == change_kind::remove);
    CHECK(results_of(r.replay()) == "1 2 3");
}

TEST_CASE("a replay repeats an alias that the application has given") {
    recorded_world r;
    auto named = r.w.map().write_alias(r.id, "order-1");
    r.wait_for_revision(2);
    CHECK(named.get() == status::ok);
    CHECK(results_of(r.replay()) == "1 2");
    CHECK(r.exported().find("\"order-1\"") != std::string::npos);
}

TEST_CASE("a replay takes the recorded state where a function of the application made it") {
    recorded_world r;
    r.w.wait(r.w.swap(r.id, [](const conversation& now) {
        return dispatch(now, {0, 1, "raise", "[3]", {}}, {});
    }));
    r.send("raise", "[10]");
    const auto replayed = r.replay();
    CHECK(results_of(replayed) == "1 2:not_compared 3");
    CHECK(replayed[1].difference == "a function of the application made this change");
}

TEST_CASE("a replay of a fork begins with the recorded state") {
    recorded_world r;
    r.send("raise", "[10]");
    const auto fork = r.w.wait(r.w.mint(fork_of{r.id, 2}));
    const auto replayed = r.w.map().history().replay(fork.value->id);
    REQUIRE(replayed.size() == 1);
    CHECK(replayed[0].result == replay_result::not_compared);
}

TEST_CASE("a changed component differs from the first event that it changes") {
    recorded_world r;
    r.send("draw");
    r.send("raise", "[10]");
    r.send("draw");
    current.surcharge = 2;
    const auto replayed = r.replay();
    CHECK(results_of(replayed) == "1 2 3:differs 4");
    CHECK(
        replayed[2].difference ==
        "component replay/order (i1), member amount: recorded 10, replayed 12"
    );
}

TEST_CASE("a failed event is in the archive with its exception") {
    recorded_world r;
    r.send("raise", "[10]");
    r.w.advance(3s);
    CHECK(r.send("check").result == status::failed);
    r.stop();
    const auto failed = r.w.map().history().failures(r.id);
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].why == "there is no rate for open");
    CHECK(failed[0].event.kind == "event");
    CHECK(failed[0].event.member == "check");
    CHECK(failed[0].event.parent == 2);
    CHECK(failed[0].event.time == time_point(1'000'000h + 3s));
}

TEST_CASE("the counts contain the failed turns that the archive has") {
    recorded_world r;
    CHECK(r.send("check").result == status::failed);
    CHECK(r.send("check").result == status::failed);
    r.stop();
    CHECK(r.w.map().counts().failures_archived == 2);
    CHECK(r.w.map().counts().failures_lost == 0);
}

TEST_CASE("the counts contain the failed turns that the store has refused") {
    recorded_world r;
    r.told->refuses_failures = true;
    CHECK(r.send("check").result == status::failed);
    r.stop();
    CHECK(r.w.map().counts().failures_archived == 0);
    CHECK(r.w.map().counts().failures_lost == 1);
}

TEST_CASE("a client's mistake is not a failure in the archive") {
    recorded_world r;
    CHECK(r.send("raise", R"(["x"])").result == status::bad_arguments);
    CHECK(r.send("reminded", "[1]").result == status::unknown_event);
    r.stop();
    CHECK(r.w.map().history().failures(r.id).empty());
}

TEST_CASE("a replay repeats a failure after the head at which it happened") {
    recorded_world r;
    r.send("raise", "[10]");
    r.send("check");
    r.send("raise", "[10]");
    r.stop();
    CHECK(results_of(r.replay()) == "1 2 2f 3");
    current.has_rates = true;
    const auto replayed = r.replay();
    CHECK(results_of(replayed) == "1 2 2f:differs 3");
    CHECK(
        replayed[2].difference ==
        "recorded: the event fails: there is no rate for open, replayed: the conversation goes on"
    );
}

TEST_CASE("a replay keeps the typed text of a submission that failed") {
    recorded_world r;
    auto submitted = r.w.to_top(r.id, "save_and_fail");
    submitted.form = {{"i1-note", "typed"}};
    submitted.page = submitted_page{.step = r.w.value(r.id)->step, .revision = 1};
    CHECK(r.w.wait(r.w.send(r.id, submitted)).result == status::failed);
    r.stop();
    CHECK(results_of(r.replay()) == "1 1f 2");
}

TEST_CASE("a test replays an incident to the recorded exception") {
    recorded_world r;
    r.send("draw");
    r.send("raise", "[10]");
    r.send("check");
    const auto ticket = order_in(*r.w.value(r.id)).ticket;
    r.stop();

    auto t = test_of(r.exported());
    CHECK(t.text().contains("amount 0, open"));
    const auto report = t.replay();
    CHECK(report.compared == 3);
    CHECK(report.not_compared.empty());
    CHECK(t.failed());
    CHECK(t.error() == "there is no rate for open");
    CHECK(t.text().contains("amount 10, open"));
    CHECK(t.now() == time_point(1'000'000h));
    CHECK(order_in(t.value()).ticket == ticket);

    current.has_rates = true;
    auto fixed = test_of(r.exported());
    CHECK_THROWS_WITH_AS(
        fixed.replay(),
        "head 3: recorded: the event fails: there is no rate for open, replayed: the conversation "
        "goes on",
        replay_mismatch
    );
}

TEST_CASE("a replayed test goes on from the recorded state") {
    recorded_world r;
    r.send("raise", "[10]");
    r.send("ask");
    r.send("yes");
    auto t = test_of(r.exported(), 2);
    CHECK(t.text().contains("amount 10, open"));
    CHECK(t.replay(3).compared == 1);
    CHECK(t.text().contains("Approve?"));
    CHECK(t.replay().compared == 1);
    CHECK(t.text().contains("amount 10, approved"));
    t.click("+");
    CHECK(t.text().contains("amount 20, approved"));
    t.back();
    CHECK(t.text().contains("Approve?"));
}

TEST_CASE("a replayed test has the patches that the page received") {
    recorded_world r;
    r.send("raise", "[10]");
    auto stream = std::make_shared<live_test::recorder>();
    r.w.wait(r.w.attach(r.id, std::nullopt, stream));
    r.send("raise", "[5]");
    auto t = test_of(r.exported());
    t.replay();
    const auto& sent = stream->told().back()->patches;
    REQUIRE(t.patches().size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        CHECK(t.patches()[i].kind == sent[i].kind);
        CHECK(t.patches()[i].target == sent[i].target);
        CHECK(t.patches()[i].json == sent[i].json);
    }
}

TEST_CASE("a test delivers the results of work and the messages of the record only") {
    recorded_world r;
    r.send("compute");
    r.wait_for_revision(3);
    r.send("compute");
    auto t = test_of(r.exported());
    t.replay(4);
    CHECK(t.waiting_work() == 1);
    t.run_work();
    CHECK(t.text().contains(", b"));
}

TEST_CASE("a replay uses the object that it is given") {
    rates known{12};
    auto told = std::make_shared<script>();
    told->archives = true;
    world w(told, [&](conversation_options& o) { o.app.add(known); });
    const auto id = w.minted(call<order>().release());
    w.wait(w.send(id, w.to_top(id, "price")));
    const auto history = w.map().history();
    CHECK(results_of(history.replay(id)) == "1 2:differs");
    rates test_rates{12};
    app_objects objects;
    objects.add(test_rates);
    environment with;
    with.app = &objects;
    CHECK(results_of(history.replay(id, 0, with)) == "1 2");

    test_rates.of_day = 13;
    auto t = test_of(history.export_of(id).value());
    t.provide(test_rates);
    CHECK_THROWS_AS(t.replay(), replay_mismatch);
}

TEST_CASE("a replay compares no value that depends on a secret") {
    recorded_world r(call<vault>().release());
    r.send("open", R"(["1234"])");  // 2
    r.send("count");                // 3
    r.send("fetch");                // 4
    r.wait_for_revision(5);
    r.send("count");  // 6
    const auto replayed = r.replay();
    CHECK(results_of(replayed) == "1 2:not_compared 3 4 5 6");
    CHECK(
        replayed[1].difference ==
        "component replay/vault (i1), member opened: recorded 1, replayed 100 (it can depend on a "
        "secret value)"
    );
}

TEST_CASE("an export contains no secret and no owner") {
    recorded_world r(call<vault>().release());
    auto opened = r.w.to_top(r.id, "open", R"(["1234"])");
    opened.form = {{"i1-pin", "pin-of-ada"}};
    r.w.wait(r.w.send(r.id, opened));
    r.send("keep", R"(["mellon"])");
    r.send("fetch");
    r.wait_for_revision(4);
    const auto stored = r.told->changes().back().commit->written.back().body;
    REQUIRE(stored.find("{\"encrypted\":\"2026:") != std::string::npos);
    CHECK(r.send("refuse", R"(["of-a-failed-turn"])").result == status::failed);
    r.stop();
    REQUIRE(r.told->failures().size() == 1);
    CHECK(r.told->failures()[0].event.find("of-a-failed-turn") == std::string::npos);
    const auto exported = r.exported();
    for (const auto* secret :
         {"1234", "pin-of-ada", "of-a-failed-turn", "mellon", "encrypted", "2026:", "\"owner\":\"o"
         })
        CHECK(exported.find(secret) == std::string::npos);
    CHECK(exported.find("\"key\":\"(secret)\"") != std::string::npos);
    CHECK(test_of(exported).replay().not_compared.size() == 1);
}

TEST_CASE("an export contains the aliases and each content once") {
    recorded_world r;
    r.send("ask");
    r.send("no");
    r.go_back();
    const auto exported = r.exported();
    CHECK(
        count_in(exported, "Approve?") == 2
    );  // the state of the call, with and without an answer
}

TEST_CASE("another user gets no export and no replay and no failures") {
    recorded_world r;
    r.send("check");
    r.stop();
    const auto history = r.w.map().history();
    const auto allowed = history.seen_by("principal", {});
    CHECK(allowed.export_of(r.id));
    CHECK(allowed.replay(r.id).size() == 2);
    CHECK(allowed.failures(r.id).size() == 1);
    const auto refused = history.seen_by("eve", {});
    CHECK_FALSE(refused.export_of(r.id));
    CHECK(refused.replay(r.id).empty());
    CHECK(refused.failures(r.id).empty());
    CHECK_THROWS_AS(refused.export_to(r.id, "never"), std::invalid_argument);
}

TEST_CASE("a replay repeats the event of a guest with the guest's roles") {
    recorded_world r(call<desk>().release());
    const principal guest{"grace", {"approver"}};
    auto approved = r.w.to_top(r.id, "approve");
    pending done;
    r.w.map().send(r.id, {"browser", &guest}, approved, r.w.thread, done.callback());
    REQUIRE(r.w.wait(done).result == status::ok);
    CHECK(static_cast<const desk*>(r.w.value(r.id)->top().state.get())->approved_by == "grace");
    CHECK(results_of(r.replay()) == "1 2");
}

TEST_CASE("the archive has no export of an unknown conversation") {
    recorded_world r;
    CHECK_FALSE(r.w.map().history().export_of("unknown"));
    CHECK(r.w.map().history().replay("unknown").empty());
}

TEST_CASE("an export reads the archive equally often for a long and for a short history") {
    const auto count_reads = [](std::uint64_t events) {
        recorded_world r;
        for (std::uint64_t i = 0; i < events; ++i)
            r.send("raise", "[10]");
        r.told->archive_reads = 0;
        const auto exported = r.exported();
        const auto reads = r.told->archive_reads.load();
        CHECK(test_of(exported).replay().compared == events);
        return reads;
    };
    CHECK(count_reads(200) == count_reads(2));
}

TEST_CASE("a truncated export is refused at each byte") {
    recorded_world r;
    r.send("raise", "[10]");
    r.send("check");
    r.stop();
    const auto exported = r.exported();
    for (std::size_t size = 0; size + 2 < exported.size(); ++size) {
        CAPTURE(size);
        CHECK_THROWS_AS(test_of(exported.substr(0, size)), decode_error);
    }
}

TEST_CASE("a damaged export is refused or differs or is replayed") {
    recorded_world r;
    r.send("remind", "[5]");
    r.w.pass(5min);
    r.send("ask");
    r.send("yes");
    r.go_back();
    r.send("compute");
    r.send("check");
    r.stop();
    const auto exported = r.exported();
    std::mt19937 random(1);
    const std::string_view bytes = "0123456789-.\"{}[],:aei\xff";
    for (int round = 0; round < 2'000; ++round) {
        auto damaged = exported;
        const auto at = random() % damaged.size();
        damaged[at] = bytes[random() % bytes.size()];
        CAPTURE(damaged);
        try {
            test_of(damaged).replay();
        } catch (const decode_error&) {
            continue;
        } catch (const replay_mismatch&) {
            continue;
        }
    }
}

TEST_CASE("an export with a wrong value is refused with the place") {
    const std::string head =
        R"({"number":2,"parent":1,"time":3,"event":{},"about":{},"parts":{"head":0}})";
    const auto document = [&](std::string_view name, std::string_view value) {
        std::string out = "{";
        for (const auto& [key, text] : std::initializer_list<std::pair<const char*, std::string>>{
                 {"format", "1"},
                 {"release", "\"0.1.0\""},
                 {"id", "\"a\""},
                 {"mount", "\"/\""},
                 {"aliases", "[]"},
                 {"contents", "[{}]"},
                 {"heads", "[" + head + "]"},
                 {"failures", "[]"}
             }) {
            if (key == name && value.empty()) continue;
            out += (out == "{" ? "\"" : ",\"") + std::string(key) +
                   "\":" + (key == name ? std::string(value) : text);
        }
        return out + "}";
    };
    const auto error_of = [](const std::string& text) -> std::string {
        try {
            test_of(text);
        } catch (const decode_error& error) {
            return error.what();
        }
        return "";
    };
    CHECK(error_of(document("", "")).empty());
    CHECK(error_of("[]") == "the export is not an object");
    for (const auto* name :
         {"format", "release", "id", "mount", "aliases", "contents", "heads", "failures"}) {
        CHECK(error_of(document(name, "")) == "the export." + std::string(name) + " is absent");
        CHECK(
            error_of(document(name, "true")).starts_with("the export." + std::string(name) + " is ")
        );
    }
    CHECK(
        error_of(document("format", "2")) ==
        "the export.format is not a format that this release can read"
    );
    CHECK(error_of(document("id", "\"../a\"")).starts_with("the export.id is not valid: "));
    CHECK(error_of(document("aliases", "[\"\"]")).starts_with("the export.aliases[0] is not valid")
    );
    CHECK(error_of(document("contents", "[1]")) == "the export.contents[0] is not an object");
    CHECK(error_of(document("heads", "[]")) == "the export.heads has no head");
    const auto with_head = [&](std::string_view from, std::string_view to) {
        auto changed = head;
        changed.replace(changed.find(from), from.size(), to);
        return error_of(document("heads", "[" + changed + "]"));
    };
    CHECK(
        with_head("\"number\":2", "\"number\":-2") ==
        "the export.heads[0].number is not a number from 0 on"
    );
    CHECK(
        with_head("\"number\":2", "\"number\":1") ==
        "the export.heads[0].parent is not below the number"
    );
    CHECK(
        with_head("\"time\":3", "\"time\":\"3\"") ==
        "the export.heads[0].time is not a whole number"
    );
    CHECK(with_head("\"event\":{}", "\"event\":1") == "the export.heads[0].event is not an object");
    CHECK(with_head("\"about\":{}", "\"about\":1") == "the export.heads[0].about is not an object");
    CHECK(
        with_head("\"head\":0", "\"head\":1") ==
        "the export.heads[0].parts.head is not the index of a content"
    );
    CHECK(with_head("\"head\":0", "\"i1\":0") == "the export.heads[0].parts has no head");
    CHECK(
        error_of(document("heads", "[" + head + "," + head + "]")) ==
        "the export.heads[1] does not follow the head before it"
    );
    CHECK(
        error_of(document("failures", R"([{"after":1,"time":3,"event":{},"why":4}])")) ==
        "the export.failures[0].why is not a text"
    );
}

TEST_CASE("an export with a wrong event is refused with the place") {
    recorded_world r;
    r.send("raise", "[10]");
    const auto exported = r.exported();
    const auto with = [&](std::string_view from, std::string_view to) -> std::string {
        auto changed = exported;
        changed.replace(changed.find(from), from.size(), to);
        try {
            test_of(changed).replay();
        } catch (const decode_error& error) {
            return error.what();
        }
        return "";
    };
    CHECK(
        with(R"("kind":"event")", R"("kind":"x")") == "heads[1].event.kind is not a kind of event"
    );
    CHECK(with(R"("kind":"event",)", "") == "heads[1].event.kind is absent");
    CHECK(
        with(R"("id":"0000000000000001")", R"("id":"1")") ==
        "heads[1].event.id is not a text of 16 hexadecimal digits"
    );
    CHECK(with(R"("member":"raise")", R"("member":7)") == "heads[1].event.member is not a text");
    CHECK(
        with(R"("arguments":[10])", R"("arguments":{})") ==
        "heads[1].event.arguments is not an array"
    );
    CHECK(
        with(R"("component":"replay/order","state")", R"("component":"replay/lost","state")") != ""
    );
}

TEST_CASE("a document that is not an export is refused") {
    CHECK_THROWS_AS(
        test_conversation::from_export(std::istringstream("incident.json")),
        decode_error
    );
    recorded_world r;
    CHECK_THROWS_AS(test_of(r.exported(), 9), std::invalid_argument);
    CHECK_THROWS_AS(test_conversation(order{}).replay(), std::logic_error);
}

TEST_CASE("a test draws the random numbers of its seed") {
    const auto draw = [](std::uint64_t seed) {
        test_conversation t(order{});
        t.random_seed(seed).click("draw");
        return order_in(t.value()).ticket;
    };
    CHECK(draw(1) == draw(1));
    CHECK(draw(1) != draw(2));
}
