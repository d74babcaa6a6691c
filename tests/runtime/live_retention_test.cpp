#include "runtime/live_support.hpp"
#include "store/support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/ui.hpp>
#include <stube/store/sqlite_store.hpp>
#include <stube/store/upkeep.hpp>

#include <boost/describe/class.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <stdlib.h>

// How long the archive keeps the commits of a component. The clock of the world is set by hand.

using namespace live_test;
using namespace stube::html;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

struct offer {
    static constexpr std::string_view component = "retention/offer";
    static constexpr std::chrono::days keep_history{365};
    int price = 0;

    void raise() { ++price; }

    effects ask() { return call<ui::confirm>("Accept?").then<&offer::decide>(); }

    void decide(bool yes) { price = yes ? 100 : -100; }

    effects name() { return write_alias("offer-1"); }

    effects finish() { return end(p("Done")); }

    markup render() const {
        return p(
            price,
            button(on<"click", &offer::raise>, "+"),
            button(on<"click", &offer::ask>, "?"),
            button(on<"click", &offer::name>, "n"),
            button(on<"click", &offer::finish>, ".")
        );
    }
};
BOOST_DESCRIBE_STRUCT(offer, (), (price, raise, ask, decide, name, finish))

/// Its history is kept for ever.
struct contract {
    static constexpr std::string_view component = "retention/contract";
    int clauses = 0;

    void add() { ++clauses; }

    markup render() const { return p(clauses, button(on<"click", &contract::add>, "+")); }
};
BOOST_DESCRIBE_STRUCT(contract, (), (clauses, add))

class scratch {
public:
    scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "stube-keep-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }

    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::unique_ptr<store> open() const { return sqlite_store(file().string(), {.archive = true}); }

    std::filesystem::path file() const { return path_ / "kept.db"; }

private:
    std::filesystem::path path_;
};

/// A world on an SQLite store with its archive.
struct archive_world {
    scratch folder;
    std::unique_ptr<world> w;
    std::string contract_id;  ///< its saves come after earlier changes

    archive_world() {
        restart();
        contract_id = w->minted(call<contract>().release());
    }

    void restart(std::chrono::milliseconds passed = {}) {
        w.reset();
        w = std::make_unique<world>(
            [](conversation_options& o) { o.grace_after_start = 10min; },
            folder.open()
        );
        w->map().load();
        w->advance(passed + 11min);
    }

    reply send(const std::string& id, std::string name) {
        return w->wait(w->send(id, w->to_top(id, std::move(name))));
    }

    /// One step of the upkeep. Returns when its changes are saved.
    std::size_t trim_in_round() {
        const auto count = w->map().trim_history();
        send(contract_id, "add");
        return count;
    }

    /// The same, and the next step begins a round.
    std::size_t trim() {
        const auto count = trim_in_round();
        w->advance(7h);
        return count;
    }

    std::vector<std::uint64_t> heads(const std::string& id) {
        std::vector<std::uint64_t> out;
        for (const auto& each : w->map().history().event_view(id))
            out.push_back(each.head);
        return out;
    }

    void damage_newest_head(const std::string& id) const {
        store_test::run_sql(
            folder.file(),
            "UPDATE archive SET digest = zeroblob(32) WHERE conversation = '" + id +
                "' AND head = (SELECT max(head) FROM archive WHERE conversation = '" + id + "')"
        );
    }

    int price_at(const std::string& id, std::optional<std::uint64_t> head = {}) {
        const auto view = w->map().history().view(id, head);
        REQUIRE(view);
        return static_cast<const offer*>(view->value.top().state.get())->price;
    }
};

using numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("heads older than the component at the root keeps are deleted and later ones stay") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    a.send(id, "raise");
    a.send(id, "raise");
    a.w->advance(days(300));
    a.send(id, "raise");
    a.send(id, "raise");
    CHECK(a.trim() == 0);
    a.w->advance(days(100));

    CHECK(a.trim() == 1);

    CHECK(a.heads(id) == numbers{4, 5});
    CHECK(a.price_at(id, 4) == 3);
    CHECK(a.price_at(id) == 4);
    CHECK_FALSE(a.w->map().history().view(id, 3));
    CHECK(a.trim() == 0);
    a.send(id, "raise");
    CHECK(a.price_at(id) == 5);
}

TEST_CASE("the newest head of a live conversation stays however old it is") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    a.send(id, "raise");
    a.send(id, "raise");
    a.w->advance(days(1000));

    CHECK(a.trim() == 1);

    CHECK(a.heads(id) == numbers{3});
    CHECK(a.price_at(id) == 2);
    CHECK(a.trim() == 0);
}

TEST_CASE("an ended conversation is forgotten as long after its end as its heads are kept") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    a.send(id, "name");
    a.send(id, "raise");
    a.w->advance(days(300));
    a.send(id, "raise");
    a.send(id, "finish");
    a.w->advance(days(100));

    CHECK(a.trim() == 1);
    CHECK(a.heads(id) == numbers{4, 5});
    CHECK(a.price_at(id) == 2);
    CHECK(a.w->map().history().find_alias("offer-1") == id);
    a.w->advance(days(266));
    CHECK(a.trim() == 1);

    CHECK(a.heads(id).empty());
    CHECK_FALSE(a.w->map().history().find_alias("offer-1"));
}

TEST_CASE("the history of a component without a limit is kept for ever") {
    archive_world a;
    a.send(a.contract_id, "add");
    a.w->advance(days(10'000));
    CHECK(a.trim() == 0);
    CHECK(a.heads(a.contract_id) == numbers{1, 2, 3});
}

TEST_CASE("conversations that nobody has used since the start are trimmed too") {
    archive_world a;
    const auto live = a.w->minted(call<offer>().release());
    const auto ended = a.w->minted(call<offer>().release());
    for (const auto& id : {live, ended}) {
        a.send(id, "raise");
        a.send(id, "raise");
    }
    a.send(ended, "finish");
    a.restart(days(400));

    CHECK(a.trim() == 2);

    CHECK(a.heads(live) == numbers{3});
    CHECK(a.heads(ended).empty());
    CHECK(static_cast<const offer*>(a.w->value(live)->top().state.get())->price == 2);
}

TEST_CASE("a branch whose fork was deleted stays in the history without a fork") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    a.send(id, "ask");  // 2
    a.w->advance(days(300));
    a.send(id, "yes");  // 3, the end of a branch
    pending back;
    a.w->map().go_back(id, "owner", 0, std::nullopt, a.w->thread, back.callback());
    a.w->wait(back);   // 4, continues 2
    a.send(id, "no");  // 5
    a.w->advance(days(100));
    CHECK(a.trim() == 1);

    const auto view = a.w->map().history().history_view(id);

    REQUIRE(view.events.size() == 3);
    CHECK(view.events[0].head == 3);
    CHECK(view.events[0].parent == 2);  // deleted
    CHECK_FALSE(view.events[0].is_on_current_branch);
    CHECK(view.events[1].parent == 2);
    CHECK(view.events[1].is_on_current_branch);
    REQUIRE(view.branches.size() == 2);
    CHECK(view.branches[0].tip == 5);
    CHECK(view.branches[1].tip == 3);
    CHECK(view.branches[1].fork == 0);
    CHECK(a.price_at(id, 3) == 100);
    CHECK(a.price_at(id, 5) == -100);
}

TEST_CASE("a step of the upkeep changes a bounded number of conversations") {
    archive_world a;
    for (int i = 0; i < 100; ++i)
        a.send(a.w->minted(call<offer>().release()), "raise");
    a.w->advance(days(400));

    CHECK(a.trim() == 64);
    CHECK(a.trim() == 36);
    CHECK(a.trim() == 0);
}

TEST_CASE("the counts contain each deletion of old history") {
    archive_world a;
    for (int i = 0; i < 3; ++i)
        a.send(a.w->minted(call<offer>().release()), "raise");
    CHECK(a.w->map().counts().trims_done == 0);
    a.w->advance(days(400));
    CHECK(a.trim() == 3);
    CHECK(a.w->map().counts().trims_done == 3);
    CHECK(a.w->map().counts().trims_failed == 0);
}

TEST_CASE("the counts contain a deletion that failed because the archive is damaged") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    a.send(id, "raise");
    a.send(id, "raise");
    a.w->advance(days(400));
    a.damage_newest_head(id);
    CHECK(a.trim() == 0);
    CHECK(a.w->map().counts().trims_done == 0);
    CHECK(a.w->map().counts().trims_failed == 1);
}

TEST_CASE("a long history is deleted in several steps and forgotten in the last one") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    for (int i = 0; i < 1200; ++i)
        a.send(id, "raise");
    a.send(id, "finish");  // 1202
    a.w->advance(days(400));
    const auto count = [&] { return a.heads(id).size(); };

    CHECK(a.trim_in_round() == 1);
    CHECK(count() > 600);
    CHECK(count() < 800);
    CHECK(a.trim_in_round() == 1);
    CHECK(count() > 100);
    CHECK(count() < 300);
    CHECK(a.trim_in_round() == 1);
    CHECK(count() == 0);
}

TEST_CASE("no history is deleted for a while after the system clock was set") {
    archive_world a;
    const auto id = a.w->minted(call<offer>().release());
    a.send(id, "raise");
    a.w->set_clock(days(400));
    CHECK(a.w->map().trim_history() == 0);
    CHECK(a.heads(id) == numbers{1, 2});
    a.w->set_clock(-days(400));
    a.w->advance(11min);
    CHECK(a.w->map().trim_history() == 0);
}

TEST_CASE("a store without an archive has no history to delete") {
    world w;
    w.minted(call<offer>().release());
    w.advance(days(400));
    CHECK(w.map().trim_history() == 0);
}
