#include "store/archive_head.hpp"
#include "store/sqlite_archive_reader.hpp"
#include "support.hpp"

#include <atomic>
#include <limits>
#include <stdexcept>
#include <thread>

// The archive of the SQLite store: its format, damage, and reading while the store saves. The
// contract (store/contract_archive.cpp) tests the rest.

using namespace store_test;
using stube::store_refused;

namespace {

constexpr auto newest = std::numeric_limits<std::uint64_t>::max();

change recorded(change next, std::vector<std::string> aliases = {}) {
    archived_commit commit;
    commit.parent = next.revision - 1;
    commit.time = 1'000'000 + static_cast<std::int64_t>(next.revision);
    commit.event = numbered(R"({"event":)", next.revision) + "}";
    commit.about = numbered(R"({"about":)", next.revision) + "}";
    commit.is_whole = next.kind != change_kind::update;
    commit.written = next.written;
    commit.dropped = next.dropped;
    commit.aliases = std::move(aliases);
    next.commit = std::make_shared<const archived_commit>(std::move(commit));
    return next;
}

change forgetting(std::string id) {
    change next = removing(std::move(id));
    next.forgets = true;
    return next;
}

std::string body_of(std::uint64_t number) {
    return numbered("{\"body\":", number) + "}";
}

archive& as_archive(stube::store& kept) {
    return dynamic_cast<archive&>(kept);
}

std::string numbers_of(archive& from, std::string_view id) {
    std::string text;
    for (const auto& head : from.heads(id, newest, 1000))
        text += numbered(text.empty() ? "" : " ", head.number);
    return text;
}

std::vector<part> parts_at(archive& from, std::string_view id, std::uint64_t head) {
    auto state = from.state(id, head);
    REQUIRE(state);
    std::ranges::sort(state->parts, {}, &part::name);
    return state->parts;
}

/// Empty if the state can be read; otherwise the refusal.
std::string refusal_of(archive& from, std::string_view id, std::uint64_t head) {
    try {
        const auto state = from.state(id, head);
        CHECK(state);
    } catch (const store_refused& refused) {
        return refused.what();
    }
    return {};
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a database without an archive is backed up and upgraded when it is opened with one") {
    archive_place place;
    {
        auto plain = stube::sqlite_store(place.path());
        load(*plain);
        save(*plain, {creating("a", 1, {{"head", "1"}, {"i1", "1"}})});
        save(*plain, {updating("a", 2, {{"i1", "2"}})});
        CHECK_FALSE(as_archive(*plain).keeps_archive());
        CHECK_THROWS_AS(as_archive(*plain).heads("a", newest, 1), std::logic_error);
    }

    auto kept = place.open();
    CHECK(load(*kept).at("a").revision == 2);

    CHECK(run_sql(place.path(), "PRAGMA user_version") == "3");
    const std::string backup = place.path().string() + ".format-2.backup";
    CHECK(run_sql(backup, "PRAGMA user_version") == "2");
    CHECK(run_sql(backup, "SELECT count(*) FROM part") == "2");
    archive& archived = as_archive(*kept);
    CHECK(archived.keeps_archive());
    CHECK(archived.heads("a", newest, 10).empty());

    save(*kept, {recorded(updating("a", 3, {{"i2", "3"}}))});
    CHECK(numbers_of(archived, "a") == "3");
    CHECK(parts_at(archived, "a", 3) == std::vector<part>{{"head", "1"}, {"i1", "2"}, {"i2", "3"}});
    kept.reset();
    CHECK(stored_in(place).at("a").revision == 3);
    CHECK_FALSE(fs::exists(backup + ".1"));
}

TEST_CASE("a database with an archive stays usable without it and its archive is kept") {
    archive_place place;
    {
        auto kept = open_and_load(place);
        for (const char* id : {"live", "removed", "forgotten", "unchanged"})
            save(
                *kept,
                {recorded(
                    creating(id, 1, {{"head", "1"}, {"i1", "1"}}),
                    {std::string(id) + "-alias"}
                )}
            );
        save(*kept, {recorded(updating("live", 2, {{"i1", "2"}}))});
    }
    {
        auto plain = stube::sqlite_store(place.path());
        CHECK(load(*plain).size() == 4);
        CHECK_FALSE(as_archive(*plain).keeps_archive());
        save(
            *plain,
            {recorded(updating("live", 3, {{"i1", "3"}})),
             removing("removed"),
             forgetting("forgotten")}
        );
        save(*plain, {replacing("live", 4, {{"head", "4"}, {"i1", "4"}})});
        CHECK(run_sql(place.path(), "PRAGMA user_version") == "3");
    }

    auto kept = open_and_load(place);
    archive& archived = as_archive(*kept);

    CHECK(numbers_of(archived, "live") == "2 1");
    CHECK(numbers_of(archived, "removed") == "1");
    CHECK(numbers_of(archived, "forgotten").empty());
    CHECK_FALSE(archived.find_alias("forgotten-alias"));
    CHECK(archived.find_alias("removed-alias") == "removed");
    CHECK(numbers_of(archived, "unchanged") == "1");
    save(*kept, {recorded(updating("live", 5, {{"i2", "5"}}))});
    CHECK(numbers_of(archived, "live") == "5 2 1");
    CHECK(
        parts_at(archived, "live", 5) == std::vector<part>{{"head", "4"}, {"i1", "4"}, {"i2", "5"}}
    );
    CHECK(run_sql(place.path(), "SELECT changed FROM archive WHERE head = 5") == "0");
    CHECK(parts_at(archived, "live", 1) == std::vector<part>{{"head", "1"}, {"i1", "1"}});
}

TEST_CASE("a database of format 3 from before the table of failures gets it") {
    archive_place place;
    save(*open_and_load(place), {recorded(creating("a", 1, {{"head", "1"}}))});
    run_sql(place.path(), "DROP TABLE failure");
    const archived_failure failed{"a", 1, 1, "{}", "no"};
    {
        auto reader = stube::sqlite_store(place.path(), {.read_only = true, .archive = true});
        load(*reader);
        CHECK(as_archive(*reader).failures("a").empty());
    }
    {
        auto kept = open_and_load(place);
        as_archive(*kept).append_failures(std::vector{failed});
    }
    auto kept = open_and_load(place);
    CHECK(as_archive(*kept).failures("a") == std::vector{failed});
    CHECK(run_sql(place.path(), "PRAGMA user_version") == "3");
}

TEST_CASE("an archive keeps a limited number of failures of all conversations") {
    archive_place place;
    auto kept = open_and_load(place);
    constexpr std::size_t conversations = all_kept_failures / kept_failures + 1;
    std::vector<archived_failure> failed;
    for (std::size_t i = 0; i < conversations; ++i) {
        const auto id = "c" + std::to_string(i);
        save(*kept, {recorded(creating(id, 1, {{"head", "1"}}))});
        failed.insert(failed.end(), kept_failures, archived_failure{id, 1, 1, "{}", "no"});
    }
    as_archive(*kept).append_failures(failed);
    CHECK(as_archive(*kept).failures("c0").empty());
    CHECK(as_archive(*kept).failures("c1").size() == kept_failures);
    CHECK(
        run_sql(place.path(), "SELECT count(*) FROM failure") == std::to_string(all_kept_failures)
    );
}

TEST_CASE("an archive can be read while another process owns the database") {
    archive_place place;
    auto kept = open_and_load(place);
    save(*kept, {recorded(creating("a", 1, {{"head", "1"}}))});

    auto reader = stube::sqlite_store(place.path(), {.read_only = true, .archive = true});
    load(*reader);

    CHECK(as_archive(*reader).keeps_archive());
    CHECK(parts_at(as_archive(*reader), "a", 1) == std::vector<part>{{"head", "1"}});

    sqlite_place plain;
    save(*open_and_load(plain), {creating("a", 1, {{"head", "1"}})});
    auto of_plain = stube::sqlite_store(plain.path(), {.read_only = true, .archive = true});
    load(*of_plain);
    CHECK_FALSE(as_archive(*of_plain).keeps_archive());
    CHECK(run_sql(plain.path(), "PRAGMA user_version") == "2");
}

TEST_CASE("damage in an archive is refused by name and leaves the rest readable") {
    struct row {
        std::string name;
        const char* damage;  ///< of head 5 of conversation "a"
        std::vector<std::uint64_t> refused;
        std::uint64_t named;
    };
    const row rows[] = {
        {"event", "UPDATE archive SET event = '{\"event\":6}' WHERE id = 5", {5}, 5},
        {"about", "UPDATE archive SET about = '' WHERE id = 5", {5}, 5},
        {"time", "UPDATE archive SET time = time + 1 WHERE id = 5", {5}, 5},
        {"parent", "UPDATE archive SET parent = 3 WHERE id = 5", {5}, 5},
        {"parent is text", "UPDATE archive SET parent = 'x' WHERE id = 5", {5}, 5},
        {"name of a part",
         "UPDATE archive SET parts = replace(parts, 'i1', 'i2') WHERE id = 5",
         {5},
         5},
        {"list", "UPDATE archive SET parts = '[' WHERE id = 5", {5}, 5},
        {"list is null", "UPDATE archive SET parts = NULL WHERE id = 5", {5}, 5},
        {"whole list", "UPDATE archive SET changed = 0 WHERE id = 5", {5}, 5},
        {"body", "UPDATE archive SET body = '{\"body\":6}' WHERE id = 5", {5}, 5},
        {"body is bytes", "UPDATE archive SET body = CAST(body AS BLOB) WHERE id = 5", {5}, 5},
        // The digest of a head is a part of the next head.
        {"digest", "UPDATE archive SET digest = zeroblob(32) WHERE id = 5", {5, 6}, 5},
        {"short digest", "UPDATE archive SET digest = x'00' WHERE id = 5", {5, 6}, 5},
        {"number", "UPDATE archive SET head = 4 WHERE id = 5", {}, 0},
        {"row of a head", "DELETE FROM archive WHERE id = 5", {}, 6},
        {"conversation", "UPDATE archive SET conversation = 'b' WHERE id = 5", {}, 6},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        archive_place place;
        {
            auto kept = open_and_load(place);
            save(*kept, {recorded(creating("b", 1, {{"head", "1"}}))});
            save(*kept, {recorded(creating("a", 1, {{"head", "1"}, {"i1", "1"}}))});
            for (std::uint64_t revision = 2; revision <= 7; ++revision)
                save(*kept, {recorded(updating("a", revision, {{"i1", body_of(revision)}}))});
            // From here on, no head needs the damaged one.
            save(*kept, {updating("a", 8, {{"i1", body_of(8)}})});
            save(*kept, {recorded(updating("a", 9, {{"i1", body_of(9)}}))});
        }
        std::string damage = row.damage;
        damage.replace(damage.find("id = 5"), 6, "head = 5 AND conversation = 'a'");
        run_sql(place.path(), damage);

        auto kept = place.open();
        CHECK(load(*kept).at("a").revision == 9);
        archive& archived = as_archive(*kept);
        for (const std::uint64_t head : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 9u}) {
            if (row.refused.empty()) break;
            CAPTURE(head);
            const std::string why = refusal_of(archived, "a", head);
            const bool needs_damaged = head == 6 || head == 7;
            const bool is_refused =
                std::ranges::count(row.refused, head) > 0 ||
                (needs_damaged && row.name != "body" && row.name != "body is bytes");
            CAPTURE(why);
            CHECK(why.empty() != is_refused);
            if (is_refused) CHECK(contains(why, "conversation a is damaged"));
            if (head == 5) CHECK(contains(why, "head 5"));
        }
        CHECK(refusal_of(archived, "b", 1).empty());
        CHECK(refusal_of(archived, "a", 9).empty());
        if (row.name != "body" && row.name != "body is bytes") {
            CHECK_THROWS_AS(archived.heads("a", newest, 100), store_refused);
        }
        CHECK(archived.heads("a", newest, 1).size() == 1);

        CHECK_NOTHROW(save(*kept, {recorded(updating("a", 10, {{"i1", body_of(10)}}))}));
        CHECK(parts_at(archived, "a", 10) == std::vector<part>{{"head", "1"}, {"i1", body_of(10)}});
        CHECK_NOTHROW(save(*kept, {forgetting("a")}));
        CHECK(
            run_sql(place.path(), "SELECT count(*) FROM archive WHERE conversation = 'a'") == "0"
        );
    }
}

TEST_CASE("a conversation whose newest head is damaged continues with a whole list") {
    for (const char* damage :
         {"DELETE FROM archive WHERE head = 2",
          "UPDATE archive SET event = '' WHERE head = 2",
          "UPDATE archive SET digest = NULL WHERE head = 2",
          "UPDATE archive SET event = '' WHERE head = 1"}) {
        CAPTURE(damage);
        archive_place place;
        {
            auto kept = open_and_load(place);
            save(*kept, {recorded(creating("a", 1, {{"head", "1"}, {"i1", "1"}}))});
            save(*kept, {recorded(updating("a", 2, {{"i1", "2"}}))});
        }
        run_sql(place.path(), damage);
        auto kept = open_and_load(place);

        save(*kept, {recorded(updating("a", 3, {{"i2", "3"}}))});
        save(*kept, {recorded(updating("a", 4, {{"i2", "4"}}))});

        archive& archived = as_archive(*kept);
        CHECK(
            parts_at(archived, "a", 4) == std::vector<part>{{"head", "1"}, {"i1", "2"}, {"i2", "4"}}
        );
        CHECK(
            parts_at(archived, "a", 3) == std::vector<part>{{"head", "1"}, {"i1", "2"}, {"i2", "3"}}
        );
        CHECK_FALSE(refusal_of(archived, "a", 2).empty());
    }
}

TEST_CASE("a pointer to an archive that was changed is noticed") {
    archive_place place;
    {
        auto kept = open_and_load(place);
        for (const char* id : {"live", "ended"})
            for (std::uint64_t revision = 1; revision <= 2; ++revision) {
                auto next = replacing(id, revision, {{"head", body_of(revision)}});
                if (revision == 1) next.kind = change_kind::create;
                save(*kept, {recorded(next)});
            }
        save(*kept, {removing("ended")});
    }

    SUBCASE("of a conversation") {
        run_sql(place.path(), "UPDATE part SET archived = archived - 1");
        auto kept = place.open();
        const auto report = kept->load_all([](record&&) {});
        REQUIRE(report.quarantined.size() == 1);
        CHECK(report.quarantined[0].id == "live");
    }
    SUBCASE("of an ended conversation") {
        run_sql(place.path(), "UPDATE ended SET archived = archived - 1");
        auto kept = open_and_load(place);
        CHECK_THROWS_AS(as_archive(*kept).heads("ended", newest, 1), store_refused);
        CHECK(numbers_of(as_archive(*kept), "live") == "2 1");
    }
}

TEST_CASE("a quarantined conversation keeps its archive") {
    archive_place place;
    save(*open_and_load(place), {recorded(creating("a", 1, {{"head", "1"}}))});
    run_sql(place.path(), "UPDATE part SET body = '2'");
    {
        auto kept = place.open();
        CHECK(kept->load_all([](record&&) {}).quarantined.size() == 1);
        CHECK(numbers_of(as_archive(*kept), "a") == "1");
    }
    CHECK(run_sql(place.path(), "SELECT archived FROM quarantine") != "NULL");
    CHECK(parts_at(as_archive(*open_and_load(place)), "a", 1) == std::vector<part>{{"head", "1"}});
}

TEST_CASE("content that a conversation has already is not archived again") {
    archive_place place;
    auto kept = open_and_load(place);
    const auto bodies = [&] { return run_sql(place.path(), "SELECT count(body) FROM archive"); };
    const std::string one = body_of(1);
    const std::string two = body_of(2);

    save(
        *kept,
        {recorded(creating("a", 1, {{"head", "{}"}, {"i1", one}, {"i2", one}, {"i3", one}}))}
    );
    CHECK(bodies() == "2");
    save(*kept, {recorded(updating("a", 2, {{"i1", two}, {"i1_old", one}}))});
    CHECK(bodies() == "3");
    save(*kept, {recorded(updating("a", 3, {{"i1", one}}, {"i1_old"}))});
    save(*kept, {recorded(updating("a", 4, {{"i1", one}}))});
    CHECK(bodies() == "3");
    kept.reset();
    kept = open_and_load(place);
    save(*kept, {recorded(replacing("a", 5, {{"head", "{}"}, {"i9", one}}))});
    CHECK(bodies() == "3");
    CHECK(
        parts_at(as_archive(*kept), "a", 2) ==
        std::vector<part>{{"head", "{}"}, {"i1", two}, {"i1_old", one}, {"i2", one}, {"i3", one}}
    );
    CHECK(parts_at(as_archive(*kept), "a", 5) == std::vector<part>{{"head", "{}"}, {"i9", one}});
}

TEST_CASE("reading a state of a large conversation reads a bounded number of rows") {
    constexpr std::uint64_t parts = 200;
    constexpr std::uint64_t updates = 1000;
    archive_place place;
    auto kept = open_and_load(place);
    change first = creating("a", 1, {{"head", "{}"}});
    for (std::uint64_t i = 1; i < parts; ++i)
        first.written.push_back({numbered("i", i), body_of(i)});
    save(*kept, {recorded(first)});
    for (std::uint64_t revision = 2; revision <= updates; ++revision)
        save(
            *kept,
            {recorded(
                updating("a", revision, {{numbered("i", revision % 199 + 1), body_of(revision)}})
            )}
        );

    entries stored;
    std::mutex mutex;
    archive_reader reader(place.path(), stored, mutex);
    std::uint64_t before = 0;
    for (std::uint64_t head = updates; head > updates - 300; head -= 7) {
        const auto sql = numbered("SELECT number FROM archive WHERE head = ", head);
        stored["a"].archived = std::stoll(run_sql(place.path(), sql));
        CHECK(reader.state("a", head)->parts.size() == parts);
        const std::uint64_t read = reader.rows_read() - before;
        before = reader.rows_read();
        // Three rows for each head of the chain, and one for each part.
        CHECK(read <= 3 * parts + parts + 10);
    }
    CHECK(std::stoi(run_sql(place.path(), "SELECT count(*) FROM archive WHERE changed = 0")) <= 6);
}

TEST_CASE("reading all commits of a conversation reads each head once") {
    constexpr std::uint64_t updates = 2000;
    archive_place place;
    auto kept = open_and_load(place);
    save(*kept, {recorded(creating("a", 1, {{"head", "{}"}, {"i1", body_of(1)}}))});
    for (std::uint64_t revision = 2; revision <= updates; ++revision)
        save(*kept, {recorded(updating("a", revision, {{"i1", body_of(revision)}}))});

    entries stored;
    stored["a"].archived = std::stoll(run_sql(place.path(), "SELECT max(number) FROM archive"));
    std::mutex mutex;
    archive_reader reader(place.path(), stored, mutex);
    const auto commits = reader.commits_of("a", 0);
    REQUIRE(commits.size() == updates);
    CHECK(commits.front().written.size() == 2);
    CHECK(commits.back().written == std::vector<part>{{"i1", body_of(updates)}});
    // Three rows for each head: its link, the digest of the head before, and the body. A whole list
    // after 64 changes reads one body more.
    CHECK(reader.rows_read() <= 3 * updates + updates / 64 + 10);
}

TEST_CASE("a conversation that has left the cache continues its archive") {
    archive_place_in_memory place;
    auto kept = open_and_load(place);
    std::vector<change> batch;
    for (int i = 0; i < 80; ++i) {
        change next = creating(numbered("c", i), 1, {{"head", "{}"}});
        for (int k = 0; k < 1000; ++k)
            next.written.push_back({numbered("i", k), body_of(1)});
        batch.push_back(recorded(next));
    }
    save(*kept, batch);

    for (int i = 0; i < 80; ++i)
        save(*kept, {recorded(updating(numbered("c", i), 2, {{"i1", body_of(2)}}, {"i2"}))});

    for (int i = 0; i < 80; i += 13) {
        const auto parts = parts_at(as_archive(*kept), numbered("c", i), 2);
        CHECK(parts.size() == 1000);
        CHECK(std::ranges::count(parts, part{"i1", body_of(2)}) == 1);
    }
    CHECK(run_sql(place.path(), "SELECT max(changed) FROM archive WHERE head = 2") == "2");
}

TEST_CASE("a commit after a refused one is found behind the positions of deleted commits") {
    archive_place place;
    auto kept = open_and_load(place);
    archive& archived = as_archive(*kept);
    save(*kept, {recorded(creating("a", 1, {{"head", "1"}}))});
    const auto passed = archived.commits_after(0, 10).back().position;
    save(*kept, {forgetting("a")});
    CHECK_THROWS_AS(
        save(*kept, {recorded(updating("a", 2, {{"head", "2"}}))}),
        stube::store_conflict
    );

    save(*kept, {recorded(creating("b", 1, {{"head", "1"}}))});

    const auto found = archived.commits_after(passed, 10);
    REQUIRE(found.size() == 1);
    CHECK(found[0].id == "b");
}

TEST_CASE("an archive can be read by other threads while the store saves") {
    archive_place_in_memory place;
    auto kept = open_and_load(place);
    save(*kept, {recorded(creating("stays", 1, {{"head", "1"}}), {"alias"})});
    std::atomic<std::uint64_t> saved = 1;
    std::atomic<bool> is_done = false;
    std::atomic<int> failures = 0;
    const auto read = [&] {
        archive& archived = as_archive(*kept);
        while (!is_done) {
            try {
                const std::uint64_t at_least = saved;
                const auto heads = archived.heads("stays", newest, 3);
                if (heads.empty() || heads.front().number < at_least) ++failures;
                if (!archived.state("stays", at_least)) ++failures;
                if (archived.find_alias("alias") != "stays") ++failures;
                for (const auto& head : archived.heads("passes", newest, 100))
                    archived.state("passes", head.number);
            } catch (const std::exception& error) {
                MESSAGE(error.what());
                ++failures;
            }
        }
    };
    std::thread first(read);
    std::thread second(read);

    for (std::uint64_t revision = 2; revision <= 600; ++revision) {
        std::vector<change> batch{recorded(updating("stays", revision, {{"i1", body_of(revision)}}))
        };
        switch (revision % 6) {
        case 0:
            batch.push_back(recorded(creating("passes", revision, {{"head", "1"}})));
            break;
        case 1:
        case 2:
            if (revision > 6)
                batch.push_back(recorded(updating("passes", revision, {{"i1", body_of(revision)}}))
                );
            break;
        case 3:
            batch.push_back(removing("passes"));
            break;
        case 4:
            batch.push_back(recorded(creating("passes", revision, {{"head", "1"}})));
            break;
        default:
            batch.push_back(revision % 12 == 5 ? forgetting("passes") : removing("passes"));
            break;
        }
        kept->save(batch);
        saved = revision;
    }
    is_done = true;
    first.join();
    second.join();

    CHECK(failures == 0);
}

TEST_CASE("a digest is the SHA-256 of documented bytes") {
    stube::storage::sha256 hash;
    std::string text;

    append_digest(text, hash.of("abc"));
    CHECK(text == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    CHECK(read_digest(text) == hash.of("abc"));
    for (const char* bad :
         {"",
          "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa",
          "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa1",
          "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"})
        CHECK_FALSE(read_digest(bad));

    const part_changes changes{{{"head", 7, hash.of("{}")}, {"i1", 8, hash.of("1")}}, {"i2"}};
    const head_content head{"a", 3, 2, 1'000'003, "{\"e\":1}", "{}", false, changes};
    text.clear();
    append_digest(text, head_digest(hash, head, hash.of("before")));
    CHECK(text == "Ljs7clXJZ_aUu7MnqH8jU1DH3DinTuDJB7PH8mY1vPE");
}

TEST_CASE("a list of parts is read as it was written and any other text is refused") {
    stube::storage::sha256 hash;
    const part_changes changes{{{"head", 7, hash.of("{}")}, {"i1", 12345, hash.of("1")}}, {"i2"}};
    const std::string json = to_json(changes);

    const part_changes read = read_part_changes(json);
    CHECK(to_json(read) == json);
    CHECK(read.written[1].name == "i1");
    CHECK(read.written[1].row == 12345);
    CHECK(read.written[1].content == changes.written[1].content);
    CHECK(read.dropped == changes.dropped);
    CHECK(to_json({}) == "[]");
    CHECK(read_part_changes("[]").size() == 0);
    for (std::size_t i = 0; i < json.size(); ++i)
        CHECK_THROWS_AS(read_part_changes(json.substr(0, i)), std::invalid_argument);
    CHECK_THROWS_AS(read_part_changes(json + " "), std::invalid_argument);
    CHECK_THROWS_AS(read_part_changes("[[\"i1\",-1,\"\"]]"), std::invalid_argument);
}
