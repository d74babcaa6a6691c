#include "runtime/kernel/index_builder.hpp"
#include "runtime/live_support.hpp"
#include "store/support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/check_store.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/ui.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <thread>

using namespace live_test;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

enum class claim_status { open, submitted, paid };
BOOST_DESCRIBE_ENUM(claim_status, open, submitted, paid)

struct numbered_case {
    int number = 7;
};
BOOST_DESCRIBE_STRUCT(numbered_case, (), (number))

struct claim : numbered_case {
    static constexpr std::string_view component = "index/claim";
    int amount = 0;
    claim_status status = claim_status::open;
    std::optional<double> rate;
    field<std::string> note;
    std::string not_indexed;

    static constexpr std::tuple
        indexed{&claim::amount, &claim::status, &claim::rate, &claim::note, &claim::number};

    void raise(int by) { amount += by; }

    void rate_at(double value) { rate = value; }

    effects submit() {
        status = claim_status::submitted;
        return call<ui::confirm>("Pay?").then<&claim::decide>();
    }

    void decide(bool yes) { status = yes ? claim_status::paid : claim_status::open; }

    effects finish() { return end(p("Done")); }

    markup render() const {
        return form(
            input(bind<&claim::note>(*this)),
            button(on<"click", &claim::raise>(10), "+"),
            button(on<"click", &claim::rate_at>(0.5), "%"),
            button(on<"click", &claim::submit>, "?"),
            button(on<"click", &claim::finish>, ".")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    claim,
    (numbered_case),
    (amount, status, rate, note, not_indexed, raise, rate_at, submit, decide, finish)
)

/// Its history is kept for a year.
struct dated {
    static constexpr std::string_view component = "index/dated";
    static constexpr std::chrono::days keep_history{365};
    int amount = 0;
    static constexpr std::tuple indexed{&dated::amount};

    void raise(int by) { amount += by; }

    effects finish() { return end(p("Done")); }

    markup render() const {
        return p(
            button(on<"click", &dated::raise>(10), "+"),
            button(on<"click", &dated::finish>, ".")
        );
    }
};
BOOST_DESCRIBE_STRUCT(dated, (), (amount, raise, finish))

namespace fs = std::filesystem;
using store_test::run_sql;

/// A conversation map on a database with an archive.
struct indexed_world {
    explicit indexed_world(const store_test::archive_place& at) : w({}, at.open()) {
        w.map().load();
    }

    world w;

    std::string claim_of(int amount) {
        const auto id = w.minted(call<claim>().release());
        if (amount != 0) send(id, "raise", "[" + std::to_string(amount) + "]");
        return id;
    }

    reply send(const std::string& id, std::string name, std::string arguments = "") {
        return w.wait(w.send(id, w.to_top(id, std::move(name), std::move(arguments))));
    }

    void go_back(const std::string& id) {
        pending p;
        w.map().go_back(id, "owner", ++last_event, std::nullopt, w.thread, p.callback());
        w.wait(p);
    }

    /// The history, when the index has all commits.
    conversation_history history() {
        auto out = w.map().history();
        while (out.index_behind_since())
            std::this_thread::sleep_for(5ms);
        return out;
    }

    template <class Query>
    std::vector<std::string> ids(const Query& query) {
        std::vector<std::string> out;
        for (const auto& each : history().find(query).found)
            out.push_back(each.id);
        return out;
    }

    /// The facts of a member: value, first head and end.
    std::string facts(const std::string& id, const std::string& member) {
        std::string out;
        const auto rows = history().select(
            "SELECT value, from_head, to_head FROM facts WHERE conversation = ? AND member = ?"
            " ORDER BY from_head",
            {id, member}
        );
        for (const auto& row : rows.rows)
            out += boost::json::serialize(encode(row)) + ' ';
        return out;
    }

    event_id last_event = event_id(1) << 30;
};

std::string index_of(const store_test::archive_place& at) {
    return at.path().string() + ".index";
}

/// Copies the files of a store that is in use as a kill would leave them.
void copy_as_killed(const store_test::archive_place& from, const store_test::archive_place& to) {
    for (const auto& each : fs::directory_iterator(from.folder.path())) {
        const auto name = each.path().filename().string();
        if (!name.ends_with("-shm") && !name.ends_with("lock"))
            fs::copy_file(each.path(), to.folder.path() / name);
    }
}

/// The differences between the index of a stopped map and a new one that one batch has filled.
std::vector<std::string> differences_from_rebuild(const store_test::archive_place& at) {
    const auto kept = store_test::open_and_load(at);
    auto& from = *archive_of(*kept);
    const auto fresh = at.path().string() + ".fresh";
    {
        query_index index(fresh, known_index_schema());
        index_builder builder(
            {[&](auto position) { return from.state_at(position); },
             [&](auto id, auto head) { return from.state(id, head); },
             [&](auto id) { return index.row(id); }},
            [](const std::string&) {}
        );
        index.apply(builder.next(from.commits_after(0, 100'000)));
    }
    return compare_indexes(fresh, index_of(at), 20);
}

}  // namespace

TEST_CASE("a query finds conversations by the values of members") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto small = on.claim_of(10);
    const auto large = on.claim_of(3'000);
    const auto larger = on.claim_of(5'000);
    on.send(larger, "submit");

    using enum comparison;
    const auto claims = [] { return conversations_with<claim>(); };
    CHECK(on.ids(claims().where<&claim::amount>(equal, 10)) == std::vector{small});
    CHECK(on.ids(claims().where<&claim::amount>(less, 11)) == std::vector{small});
    CHECK(
        on.ids(claims()
                   .where<&claim::amount>(greater, 1'000)
                   .order_by<&claim::amount>(sort_direction::descending)) ==
        std::vector{larger, large}
    );
    CHECK(
        on.ids(claims()
                   .where<&claim::amount>(greater, 1'000)
                   .where<&claim::status>(equal, claim_status::open)) == std::vector{large}
    );
    CHECK(
        on.ids(claims().where<&claim::number>(equal, 7).limit(1).offset(1)) == std::vector{large}
    );
    CHECK(on.ids(claims().where(column::component, equal, "stube/confirm")) == std::vector{larger});
    CHECK(on.ids(conversations().waits_for({"role:x", "user:principal"}).limit(2)).size() == 2);
    CHECK(on.ids(conversations().waits_for({"user:other"})).empty());
    CHECK(on.ids(conversations().of_principal("principal")).size() == 3);
    CHECK(on.history().find(claims().with_count().limit(1)).count == 3);
}

TEST_CASE("a found conversation has its columns and the values of its indexed members as JSON") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto id = on.claim_of(10);
    const auto page = on.history().find(conversations_with<claim>());
    CHECK(
        boost::json::serialize(encode(page)) ==
        R"({"found":[{"id":")" + id +
            R"(","principal":"principal","mount":"/here","component":"index/claim","step":1,)"
            R"("head":2,"created":3600000000000,"touched":3600000000000,"since":3600000000000,)"
            R"("has_ended":false,"awaited":["user:principal"],"instance":1,"values":{"amount":10,)"
            R"("note":"","number":7,"rate":null,"status":"open"}}],"has_more":false,"count":null})"
    );
}

TEST_CASE("the value of an indexed member has the type of the member") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto id = on.claim_of(10);
    on.send(id, "rate_at", "[0.5]");
    const auto found = on.history().find(conversations_with<claim>()).found.at(0);
    CHECK(found.value<&claim::amount>() == 10);
    CHECK(found.value<&claim::status>() == claim_status::open);
    CHECK(found.value<&claim::rate>() == 0.5);
    CHECK(found.value<&claim::note>() == "");
    CHECK(found.value<&claim::number>() == 7);
    CHECK(found.value<&claim::not_indexed>() == std::nullopt);
}

TEST_CASE("a value of an indexed member that its type does not have is empty") {
    found_conversation found;
    found.values["amount"] = indexed_value("ten");
    found.values["status"] = indexed_value("removed_status");
    found.values["rate"] = std::nullopt;
    CHECK(found.value<&claim::amount>() == std::nullopt);
    CHECK(found.value<&claim::status>() == std::nullopt);
    CHECK(found.value<&claim::rate>() == std::nullopt);
}

TEST_CASE("a query finds what waits for a user by name or by a role") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto id = on.claim_of(10);
    CHECK(on.ids(conversations().waits_for_user({"principal", {"x"}})) == std::vector{id});
    CHECK(on.ids(conversations().waits_for_user({"other", {"principal"}})).empty());
    CHECK(on.ids(conversations().waits_for_user({})).empty());
}

TEST_CASE("a conversation without an event is not in the index") {
    store_test::archive_place at;
    indexed_world on(at);
    on.claim_of(0);
    CHECK(on.ids(conversations()).empty());
}

TEST_CASE("a fact ends with the head that changes it and with Back") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto id = on.claim_of(10);  // heads 1 and 2
    on.send(id, "submit");            // head 3 begins a step
    CHECK(on.facts(id, "status") == R"(["open",2,3] ["submitted",3,null] )");
    on.go_back(id);  // head 4
    CHECK(on.facts(id, "status") == R"(["open",2,3] ["submitted",3,4] ["open",4,null] )");
    CHECK(on.facts(id, "amount") == "[10,2,null] ");
    CHECK(on.facts(id, "rate").empty());
    on.send(id, "rate_at", "[0.5]");  // head 5
    CHECK(on.facts(id, "rate") == "[5E-1,5,null] ");
}

TEST_CASE("the time in a component begins when the component changes") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto id = on.claim_of(10);
    const auto began = on.history().find(conversations()).found.at(0).since;
    on.w.advance(5s);
    on.send(id, "raise", "[1]");
    CHECK(on.history().find(conversations()).found.at(0).since == began);
    on.send(id, "submit");
    CHECK(on.history().find(conversations()).found.at(0).since == began + 5s);
}

TEST_CASE("a conversation that has ended keeps its last values and waits for nobody") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto id = on.claim_of(10);
    on.send(id, "finish");
    CHECK(on.ids(conversations()).empty());
    const auto ended = on.history().find(conversations_with<claim>().in(lifetime::ended)).found;
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].has_ended);
    CHECK(ended[0].head == 3);
    CHECK(ended[0].values.at("amount") == indexed_value(std::int64_t(10)));
    CHECK(ended[0].awaited.empty());
    CHECK(on.ids(conversations().waits_for({"user:principal"}).in(lifetime::any)).empty());
}

TEST_CASE("the counts contain the time since the index had all commits") {
    store_test::archive_place place;
    indexed_world a(place);
    a.claim_of(10);
    a.history();
    a.w.stop();
    const auto before = a.w.map().counts().index_behind;
    REQUIRE(before);
    a.w.advance(90s);
    CHECK(a.w.map().counts().index_behind == *before + 90s);
}

TEST_CASE("the counts of a store without an index have no time for it") {
    world w;
    CHECK_FALSE(w.map().counts().index_behind);
}

TEST_CASE("an index that is behind its archive catches up at the start") {
    store_test::archive_place at;
    {
        indexed_world on(at);
        on.claim_of(10);
        on.history();
    }
    fs::copy_file(index_of(at), index_of(at) + ".old");
    {
        indexed_world on(at);
        on.claim_of(20);
        on.history();
    }
    fs::rename(index_of(at) + ".old", index_of(at));
    indexed_world on(at);
    CHECK(on.ids(conversations()).size() == 2);
    CHECK(on.w.log().find("rebuilt") == std::string::npos);
}

TEST_CASE("an index that is missing or damaged or of another archive is rebuilt") {
    store_test::archive_place at;
    std::string id;
    {
        indexed_world on(at);
        id = on.claim_of(10);
        on.history();
    }
    bool is_logged = true;
    SUBCASE("missing") {
        fs::remove(index_of(at));
        is_logged = false;
    }
    SUBCASE("not a database") {
        std::ofstream(index_of(at)) << std::string(10'000, 'x');
    }
    SUBCASE("a damaged page") {
        std::fstream file(index_of(at), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(3 * 4096);
        file << std::string(4096, '\xff');
    }
    SUBCASE("another format") {
        run_sql(index_of(at), "PRAGMA user_version = 99");
    }
    SUBCASE("another schema") {
        run_sql(index_of(at), "UPDATE state SET schema = 'index/claim 1 amount'");
    }
    SUBCASE("another archive") {
        run_sql(index_of(at), "UPDATE state SET digest = zeroblob(32)");
    }
    SUBCASE("a later state of the archive") {
        run_sql(index_of(at), "UPDATE state SET position = 1000");
    }
    indexed_world on(at);
    CHECK(
        on.ids(conversations_with<claim>().where<&claim::amount>(comparison::equal, 10)) ==
        std::vector{id}
    );
    CHECK((on.w.log().find("rebuilt") != std::string::npos) == is_logged);
}

TEST_CASE("an index remains usable after its file was deleted and is rebuilt by the next start") {
    store_test::archive_place at;
    {
        indexed_world on(at);
        on.claim_of(10);
        on.history();
        fs::remove(index_of(at));
        on.claim_of(20);
        CHECK(on.ids(conversations()).size() == 2);
    }
    {
        indexed_world on(at);
        CHECK(on.ids(conversations()).size() == 2);
    }
    CHECK(differences_from_rebuild(at).empty());
}

TEST_CASE("SQL that does more than read is refused") {
    store_test::archive_place at;
    indexed_world on(at);
    on.claim_of(10);
    const auto history = on.history();
    for (const char* attack :
         {"DELETE FROM conversation",
          "UPDATE conversation SET id = 'x'",
          "INSERT INTO awaited VALUES('a', 1, 1)",
          "DROP TABLE fact",
          "ATTACH 'other.db' AS other",
          "PRAGMA user_version = 3",
          "PRAGMA table_info(fact)",
          "VACUUM INTO 'copy.db'",
          "BEGIN",
          "SELECT load_extension('x')",
          "SELECT 1; SELECT 2",
          "SELECT 1; DELETE FROM fact",
          "CREATE TEMP TABLE t(a)",
          "EXPLAIN DELETE FROM fact",
          "WITH a AS (SELECT 1) DELETE FROM fact",
          "",
          "-- nothing",
          "SELEC 1",
          "SELECT ?",
          "SELECT length(zeroblob(100000000))"}) {
        CAPTURE(attack);
        CHECK_THROWS_AS(history.select(attack), std::invalid_argument);
    }
    CHECK(on.ids(conversations()).size() == 1);
    CHECK(
        history.select("SELECT count(*) FROM conversations;").rows[0][0] ==
        indexed_value(std::int64_t(1))
    );
}

TEST_CASE("SQL is interrupted at its limits") {
    store_test::archive_place at;
    indexed_world on(at);
    const auto history = on.history();
    const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
    CHECK_THROWS_WITH_AS(
        history.select(endless + "SELECT count(*) FROM n", {}, {.time = 50ms}),
        "the SQL statement has exceeded its time limit",
        store_refused
    );
    const auto some = history.select(endless + "SELECT i FROM n", {}, {.rows = 3});
    CHECK(some.rows.size() == 3);
    CHECK(some.has_more);
}

TEST_CASE("a store without an index refuses queries") {
    auto told = std::make_shared<script>();
    told->archives = true;
    world w(told, {});
    w.map().load();
    CHECK_THROWS_AS(w.map().history().find(conversations()), store_refused);
    CHECK_THROWS_AS(w.map().history().select("SELECT 1"), store_refused);
}

TEST_CASE("the index is equal to a rebuild after random events and restarts") {
    const auto seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937 random(seed);
    store_test::archive_place at;
    std::vector<std::string> ids;
    for (int restarts = 0; restarts < 3; ++restarts) {
        indexed_world on(at);
        on.last_event = static_cast<event_id>(restarts + 1) << 30;
        for (int i = 0; i < 60; ++i) {
            if (ids.empty() || random() % 8 == 0) ids.push_back(on.claim_of(0));
            const auto& id = ids[random() % ids.size()];
            event sent{++on.last_event, 1, "raise", "[3]", {}};
            const auto present = on.w.wait(on.w.open(id)).value;
            if (!present || present->root == 0) continue;
            sent.instance = present->top().id;
            switch (random() % 6) {
            case 0:
                sent.name = "submit";
                break;
            case 1:
                sent.name = "yes";
                break;
            case 2:
                on.go_back(id);
                continue;
            case 3:
                if (random() % 4 == 0) sent.name = "finish";
                break;
            default:
                break;
            }
            sent.arguments = sent.name == "raise" ? "[3]" : "";
            on.w.wait(on.w.send(id, sent));
            if (random() % 10 == 0) std::this_thread::sleep_for(20ms);
        }
        if (restarts != 1) on.history();
    }
    {
        indexed_world(at).history();
    }
    CHECK(differences_from_rebuild(at) == std::vector<std::string>());
}

namespace {

/// The first commit of a conversation with an event, with all of its parts.
logged_commit whole_commit(const store_test::archive_place& at) {
    {
        indexed_world on(at);
        on.claim_of(10);
        on.history();
    }
    const auto kept = store_test::open_and_load(at);
    auto& from = *archive_of(*kept);
    auto commit = from.commits_after(0, 10).back();
    commit.written = from.state_at(commit.position)->parts;
    commit.dropped.clear();
    commit.is_whole = true;
    return commit;
}

/// Passes one commit to a builder whose source calls `state_at`. Returns the warnings.
std::string build_from(
    const logged_commit& commit,
    const std::function<std::optional<archived_state>()>& state_at
) {
    std::string warnings;
    index_builder builder(
        {[&](auto) { return state_at(); },
         [](auto, auto) { return std::optional<archived_state>(); },
         [](auto) { return std::optional<index_row>(); }},
        [&](const std::string& why) { warnings += why + "\n"; }
    );
    const std::vector<logged_commit> commits{commit};
    const auto batch = builder.next(commits);
    CHECK(batch.rows.size() == (warnings.empty() ? 1 : 0));
    return warnings;
}

}  // namespace

TEST_CASE("a damaged state is not indexed, and one that cannot be read now is an error") {
    const store_test::archive_place at;
    auto commit = whole_commit(at);
    commit.is_whole = false;
    const auto damaged = []() -> std::optional<archived_state> { throw store_damaged("torn"); };
    CHECK(build_from(commit, damaged).find("torn") != std::string::npos);
    const auto refused = []() -> std::optional<archived_state> { throw store_refused("busy"); };
    CHECK_THROWS_WITH_AS(build_from(commit, refused), "busy", store_refused);
}

TEST_CASE("a state whose links lead in a circle is not indexed") {
    const store_test::archive_place at;
    auto commit = whole_commit(at);
    const auto none = [] { return std::optional<archived_state>(); };
    CHECK(build_from(commit, none).empty());
    for (const char* link : {"owner", "caller", "over"}) {
        auto crafted = commit;
        for (auto& each : crafted.written)
            if (each.name == "i1") each.body.insert(1, "\"" + std::string(link) + "\":1,");
        CHECK(build_from(crafted, none).find("do not fit together") != std::string::npos);
    }
}

TEST_CASE("the check of a store compares its index with a rebuild") {
    store_test::archive_place at;
    {
        indexed_world on(at);
        on.claim_of(10);
        on.history();
    }
    const auto checked = [&] {
        const auto from = sqlite_store(at.path(), {.read_only = true, .archive = true});
        return check_store(*from, {});
    };
    SUBCASE("without a difference") {
        CHECK(report_of(checked()).starts_with("component"));
        CHECK(report_of(checked()).find("query index: equal to a rebuild\n") != std::string::npos);
    }
    SUBCASE("with a difference") {
        run_sql(index_of(at), "UPDATE fact SET value = 11 WHERE value = 10");
        const auto found = checked();
        REQUIRE(found.index_differences.size() == 2);
        CHECK(
            found.index_differences[0].find("index/claim | amount | 1 | 10 | 2") !=
            std::string::npos
        );
        CHECK(report_of(found).find("query index: differs from a rebuild") != std::string::npos);
    }
    SUBCASE("without an index") {
        fs::remove(index_of(at));
        CHECK(report_of(checked()).find("query index: missing") != std::string::npos);
        CHECK(checked().all_can_continue());
    }
}

TEST_CASE("the index forgets the values of heads that were deleted because of their age") {
    store_test::archive_place at;
    {
        indexed_world on(at);
        const auto id = on.w.minted(call<dated>().release());
        on.send(id, "raise", "[1]");
        on.send(id, "raise", "[2]");
        on.w.advance(std::chrono::days(300));
        on.send(id, "raise", "[4]");
        on.history();
        on.w.advance(std::chrono::days(100));  // the first three heads are older than a year
        CHECK(on.facts(id, "amount") == "[1,2,3] [3,3,4] [7,4,null] ");
        CHECK(on.w.map().trim_history() == 1);
        while (on.facts(id, "amount") != "[7,4,null] ")
            on.w.thread.run_all();
        on.w.stop();
    }
    CHECK(differences_from_rebuild(at).empty());
}

TEST_CASE("the index forgets a conversation when the archive does because of its age") {
    store_test::archive_place at;
    {
        indexed_world on(at);
        const auto id = on.w.minted(call<dated>().release());
        on.send(id, "raise", "[1]");
        on.send(id, "finish");
        on.history();
        on.w.advance(std::chrono::days(400));
        const auto ended = conversations_with<dated>().in(lifetime::ended);
        CHECK(on.ids(ended).size() == 1);
        on.w.map().trim_history();
        while (!on.ids(ended).empty())
            on.w.thread.run_all();
        on.w.stop();
    }
    CHECK(differences_from_rebuild(at).empty());
}

TEST_CASE("the index follows deletions of the archive that a kill has interrupted") {
    store_test::archive_place at;
    const store_test::archive_place killed;
    {
        indexed_world on(at);
        const auto kept = on.w.minted(call<dated>().release());
        on.send(kept, "raise", "[1]");
        on.send(kept, "raise", "[2]");
        const auto ended = on.w.minted(call<dated>().release());
        on.send(ended, "raise", "[1]");
        on.send(ended, "finish");
        on.w.advance(std::chrono::days(400));
        on.claim_of(20);  // the last commit of the index stays in the archive
        const auto history = on.history();
        CHECK(on.w.map().trim_history() == 2);
        // The archive has deleted the heads, and no executor runs to tell the index.
        while (history.event_view(kept).size() > 1 || !history.event_view(ended).empty())
            std::this_thread::sleep_for(1ms);
        copy_as_killed(at, killed);
        const auto from = sqlite_store(killed.path(), {.read_only = true, .archive = true});
        CHECK(check_store(*from, {}).index_differences.empty());
        CHECK(on.ids(conversations_with<dated>().in(lifetime::any)).size() == 2);
    }
    {
        indexed_world on(killed);
        on.claim_of(10);  // indexed after everything of the process before
        CHECK(on.w.log().find("rebuilt") == std::string::npos);
        CHECK(on.ids(conversations_with<dated>().in(lifetime::any)).size() == 1);
    }
    CHECK(differences_from_rebuild(killed) == std::vector<std::string>());
}

TEST_CASE("a search for one user has whole pages and counts of the hits that the user may find") {
    store_test::archive_place at;
    indexed_world on(at);
    std::vector<std::string> even;
    for (int amount = 1; amount <= 9; ++amount) {
        const auto id = on.claim_of(amount);
        if (amount % 2 == 0) even.push_back(id);
    }
    const auto allow_even = [&](const access_request& wanted) {
        return wanted.purpose == access_purpose::find && wanted.who.name == "Grace" &&
               std::ranges::find(even, wanted.conversation) != even.end();
    };
    const auto query = conversations_with<claim>().order_by<&claim::amount>().with_count();
    const auto of_grace = on.history().seen_by("Grace", allow_even);
    const auto first = of_grace.find(component_query(query).limit(3));
    REQUIRE(first.found.size() == 3);
    CHECK(first.found[0].id == even[0]);
    CHECK(first.found[2].id == even[2]);
    CHECK(first.has_more);
    CHECK(first.count == 4);
    const auto second = of_grace.find(component_query(query).limit(3).offset(3));
    REQUIRE(second.found.size() == 1);
    CHECK(second.found[0].id == even[3]);
    CHECK_FALSE(second.has_more);

    CHECK(on.history().seen_by("Mallory", allow_even).find(query).found.empty());
    CHECK(on.history().seen_by("Mallory", {}).find(query).count == 0);
    CHECK(on.history().seen_by("principal", {}).find(query).count == 9);  // the owner
    CHECK_THROWS_AS(of_grace.select("SELECT 1"), store_refused);
}
