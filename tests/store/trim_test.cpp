#include "store/sqlite_archive_trimmer.hpp"
#include "support.hpp"

#include <stube/store/upkeep.hpp>

#include <atomic>
#include <limits>
#include <thread>

// Deleting old heads of the SQLite store's archive: its rows, damage, databases of an earlier
// build, and its cost. The contract (store/contract_archive.cpp) tests the rest.

using namespace store_test;
using stube::store_refused;

namespace {

constexpr auto newest = std::numeric_limits<std::uint64_t>::max();

change recorded(change next) {
    archived_commit commit;
    commit.parent = next.revision - 1;
    commit.time = static_cast<std::int64_t>(next.revision) * 1000;
    commit.event = numbered(R"({"event":)", next.revision) + "}";
    commit.about = "{}";
    commit.is_whole = next.kind != change_kind::update;
    commit.written = next.written;
    commit.dropped = next.dropped;
    next.commit = std::make_shared<const archived_commit>(std::move(commit));
    return next;
}

std::string body_of(std::uint64_t number) {
    return numbered("{\"body\":", number) + "}";
}

archive& as_archive(stube::store& kept) {
    return dynamic_cast<archive&>(kept);
}

archive_upkeep& upkeep_of(stube::store& kept) {
    return dynamic_cast<archive_upkeep&>(kept);
}

change trimming(stube::store& kept, const std::string& id, std::uint64_t head) {
    change next = removing(id);
    next.kind = change_kind::trim;
    next.revision = head;
    for (const auto& each : upkeep_of(kept).appended_after(0, 100'000).heads)
        if (each.id == id && each.head == head) next.position = each.position;
    REQUIRE(next.position != 0);
    return next;
}

/// A conversation with the parts "head" and "i1", and one head for each revision up to `last`.
void save_life(stube::store& kept, const std::string& id, std::uint64_t last) {
    save(kept, {recorded(creating(id, 1, {{"head", "{}"}, {"i1", body_of(1)}}))});
    for (std::uint64_t revision = 2; revision <= last; ++revision)
        save(kept, {recorded(updating(id, revision, {{"i1", body_of(revision)}}))});
}

std::string numbers_of(stube::store& kept, std::string_view id) {
    std::string text;
    const auto heads = as_archive(kept).heads(id, newest, 1000);
    for (const auto& head : heads)
        text += numbered(text.empty() ? "" : " ", head.number);
    const auto oldest = as_archive(kept).oldest_head(id);
    CHECK(oldest.has_value() == !heads.empty());
    if (oldest) CHECK(oldest->digest == heads.back().digest);
    return text;
}

std::vector<part> parts_at(stube::store& kept, std::string_view id, std::uint64_t head) {
    auto state = as_archive(kept).state(id, head);
    REQUIRE(state);
    std::ranges::sort(state->parts, {}, &part::name);
    return state->parts;
}

std::string count_rows(const archive_place& place) {
    return run_sql(place.path(), "SELECT count(*) FROM archive");
}

void check_is_intact(stube::store& kept) {
    const auto checked = upkeep_of(kept).check_archive(check_depth::deep);
    CHECK(checked.fault_count == 0);
    CHECK(checked.garbage == 0);
}

}  // namespace

TEST_CASE("trimming deletes the heads up to a number and the bodies that only they need") {
    archive_place place;
    auto kept = open_and_load(place);
    save_life(*kept, "a", 6);
    CHECK(count_rows(place) == "7");  // six heads, and the second body of the first head

    save(*kept, {trimming(*kept, "a", 4)});

    CHECK(numbers_of(*kept, "a") == "6 5");
    // Two heads, and the body of "head", which the later states need. The body of "i1" at head 4
    // is part of the state at the cut.
    CHECK(count_rows(place) == "4");
    CHECK(parts_at(*kept, "a", 5) == std::vector<part>{{"head", "{}"}, {"i1", body_of(5)}});
    CHECK_FALSE(as_archive(*kept).state("a", 4));
    check_is_intact(*kept);
}

TEST_CASE("the heads that stay after a trim are not rewritten") {
    archive_place place;
    auto kept = open_and_load(place);
    save_life(*kept, "a", 6);
    const std::string row = "SELECT previous || parts || hex(digest) FROM archive WHERE head = 5";
    const std::string before = run_sql(place.path(), row);
    const auto digest = as_archive(*kept).heads("a", 6, 1).front().digest;

    save(*kept, {trimming(*kept, "a", 4)});
    kept.reset();
    kept = open_and_load(place);

    CHECK(run_sql(place.path(), row) == before);
    CHECK(as_archive(*kept).heads("a", 6, 1).front().digest == digest);
}

TEST_CASE("a trimmed conversation continues its archive and can be trimmed again") {
    archive_place place;
    auto kept = open_and_load(place);
    save_life(*kept, "a", 100);
    save(*kept, {trimming(*kept, "a", 99)});
    kept.reset();
    kept = open_and_load(place);

    for (std::uint64_t revision = 101; revision <= 200; ++revision)
        save(*kept, {recorded(updating("a", revision, {{"i1", body_of(revision)}}))});
    save(*kept, {trimming(*kept, "a", 150)});

    CHECK(as_archive(*kept).heads("a", newest, 1000).size() == 50);
    CHECK(parts_at(*kept, "a", 151) == std::vector<part>{{"head", "{}"}, {"i1", body_of(151)}});
    check_is_intact(*kept);
}

TEST_CASE("the history of an ended conversation is trimmed and then forgotten") {
    archive_place place;
    auto kept = open_and_load(place);
    save_life(*kept, "a", 5);
    save(*kept, {removing("a")});

    save(*kept, {trimming(*kept, "a", 3)});
    CHECK(numbers_of(*kept, "a") == "5 4");
    change forget = removing("a");
    forget.forgets = true;
    save(*kept, {forget});

    CHECK(numbers_of(*kept, "a").empty());
    CHECK(count_rows(place) == "0");
    CHECK(run_sql(place.path(), "SELECT count(*) FROM trimmed") == "0");
    CHECK(run_sql(place.path(), "SELECT count(*) FROM ended") == "0");
}

TEST_CASE("a damaged head is trimmed if the state at the cut is intact") {
    archive_place place;
    save_life(*open_and_load(place), "a", 150);
    run_sql(place.path(), "UPDATE archive SET event = '' WHERE head = 5");
    run_sql(place.path(), "DELETE FROM archive WHERE head = 7");
    auto kept = open_and_load(place);

    CHECK_THROWS_AS(save(*kept, {trimming(*kept, "a", 8)}), store_refused);
    save(*kept, {trimming(*kept, "a", 140)});

    CHECK(numbers_of(*kept, "a") == "150 149 148 147 146 145 144 143 142 141");
    check_is_intact(*kept);
}

TEST_CASE("a damaged state at the cut is refused by name") {
    archive_place place;
    {
        auto kept = open_and_load(place);
        save_life(*kept, "a", 5);
        save(*kept, {trimming(*kept, "a", 3)});
    }
    run_sql(place.path(), "UPDATE trimmed SET parts = '[]'");
    auto kept = open_and_load(place);

    CHECK_THROWS_WITH_AS(
        as_archive(*kept).state("a", 4),
        doctest::Contains("the list of its trimmed heads does not match its checksum"),
        store_refused
    );
    CHECK(upkeep_of(*kept).check_archive(check_depth::quick).fault_count == 1);
    CHECK_NOTHROW(save(*kept, {recorded(updating("a", 6, {{"i1", body_of(6)}}))}));
    change forget = removing("a");
    forget.forgets = true;
    CHECK_NOTHROW(save(*kept, {forget}));
    CHECK(count_rows(place) == "0");
}

TEST_CASE("a database of format 3 from before trimming is read and gets the missing table") {
    archive_place place;
    save_life(*open_and_load(place), "a", 3);
    run_sql(place.path(), "DROP TABLE trimmed");
    {
        auto reader = stube::sqlite_store(place.path(), {.read_only = true, .archive = true});
        load(*reader);
        CHECK(numbers_of(*reader, "a") == "3 2 1");
    }
    auto kept = open_and_load(place);

    save(*kept, {trimming(*kept, "a", 2)});

    CHECK(numbers_of(*kept, "a") == "3");
}

TEST_CASE("a store without an archive refuses to trim") {
    sqlite_place plain;
    auto kept = open_and_load(plain);
    change trim = removing("a");
    trim.kind = change_kind::trim;
    CHECK_THROWS_AS(save(*kept, {trim}), store_refused);
    file_place folder;
    CHECK_THROWS_AS(save(*open_and_load(folder), {trim}), store_refused);
}

TEST_CASE("the heads of an archive are read in slices in the order of their commits") {
    archive_place place;
    auto kept = open_and_load(place);
    for (const char* id : {"a", "b"})
        save(*kept, {recorded(creating(id, 1, {{"head", "{}"}, {"i1", body_of(1)}}))});
    save(*kept, {recorded(updating("a", 2, {{"i1", body_of(2)}}))});

    const auto first = upkeep_of(*kept).appended_after(0, 3);
    REQUIRE(first.heads.size() == 2);  // the second row has a body only
    CHECK(first.heads[0].id == "a");
    CHECK(first.heads[0].head == 1);
    CHECK(first.heads[0].time == 1000);
    CHECK(first.heads[1].id == "b");
    const auto second = upkeep_of(*kept).appended_after(first.last_position, 3);
    REQUIRE(second.heads.size() == 1);
    CHECK(second.heads[0].id == "a");
    CHECK(second.heads[0].head == 2);
    CHECK(second.last_position == 0);
}

TEST_CASE("an archive can be read by another thread while its heads are trimmed") {
    archive_place_in_memory place;
    auto kept = open_and_load(place);
    save_life(*kept, "a", 100);
    std::atomic<bool> is_done = false;
    std::atomic<int> failures = 0;
    std::thread reader([&] {
        while (!is_done) {
            try {
                for (const auto& head : as_archive(*kept).heads("a", newest, 20))
                    as_archive(*kept).state("a", head.number);
            } catch (const std::exception& error) {
                MESSAGE(error.what());
                ++failures;
            }
        }
    });

    for (std::uint64_t revision = 101; revision <= 400; ++revision) {
        save(*kept, {recorded(updating("a", revision, {{"i1", body_of(revision)}}))});
        if (revision % 5 == 0) save(*kept, {trimming(*kept, "a", revision - 5)});
    }
    is_done = true;
    reader.join();

    CHECK(failures == 0);
    CHECK(numbers_of(*kept, "a") == "400 399 398 397 396");
}

TEST_CASE("a trim reads as many rows of a long history as of a short one") {
    archive_place_in_memory place;
    auto kept = open_and_load(place);
    save_life(*kept, "short", 300);
    save_life(*kept, "long", 3000);
    const auto rows_read = [&](const std::string& id) {
        const change trim = trimming(*kept, id, 100);
        const auto row = "SELECT max(number) FROM archive WHERE conversation = '" + id + "'";
        sqlite_connection database(place.path());
        archive_rows rows(database, place.path());
        database.run("BEGIN");
        archive_trimmer(database, rows).trim(trim, std::stoll(run_sql(place.path(), row)));
        database.run("ROLLBACK");
        return rows.rows_read();
    };

    CHECK(rows_read("long") == rows_read("short"));
    CHECK(rows_read("long") < 500);
}

// --- checking

TEST_CASE("the check of an archive names the conversation and the head of each fault") {
    struct row {
        const char* damage;
        std::uint64_t head;
        const char* why;
        bool is_quick;  ///< a quick check finds it too
    };
    const row rows[] = {
        {"UPDATE archive SET event = '' WHERE head = 3", 3, "does not match its digest", false},
        {"UPDATE archive SET body = '7' WHERE head = 3", 3, "does not match its digest", false},
        {"UPDATE archive SET body = NULL WHERE head = 3", 3, "is missing", false},
        {"DELETE FROM archive WHERE head = 3", 4, "the head before head 4 is missing", true},
        {"UPDATE archive SET head = 9 WHERE head = 3", 4, "the head before head 4", true},
        {"INSERT INTO alias VALUES('order-1', 'gone')", 0, "has the alias order-1", true},
        {"INSERT INTO derivation VALUES('gone', 'a', 1)", 0, "is a fork of a", true},
        {"INSERT INTO derivation VALUES('a', 'gone', 1)", 0, "is the origin of a", true},
        {"UPDATE ended SET archived = 1", 0, "does not match its checksum", true},
    };
    for (const auto& each : rows) {
        CAPTURE(std::string(each.damage));
        archive_place place;
        {
            auto kept = open_and_load(place);
            save_life(*kept, "a", 5);
            save(*kept, {recorded(creating("b", 10, {{"head", "{}"}}))});
            save(*kept, {removing("b")});
            check_is_intact(*kept);
        }
        run_sql(place.path(), each.damage);
        auto kept = open_and_load(place);

        const auto deep = upkeep_of(*kept).check_archive(check_depth::deep);
        REQUIRE(deep.fault_count >= 1);
        CHECK(deep.faults[0].head == each.head);
        CHECK(std::ranges::any_of(deep.faults, [&](const archive_fault& fault) {
            return fault.why.find(each.why) != std::string::npos;
        }));
        const auto quick = upkeep_of(*kept).check_archive(check_depth::quick);
        CHECK((quick.fault_count > 0) == each.is_quick);
    }
}

TEST_CASE("the check of an archive counts heads and bodies and rows that nothing needs") {
    archive_place place;
    auto kept = open_and_load(place);
    save_life(*kept, "a", 5);
    run_sql(place.path(), "INSERT INTO archive(conversation, body) VALUES('a', '{}')");

    const auto checked = upkeep_of(*kept).check_archive(check_depth::deep);

    CHECK(checked.conversations == 1);
    CHECK(checked.heads == 5);
    CHECK(checked.bodies == 6);
    CHECK(checked.garbage == 1);
    CHECK(checked.fault_count == 0);
}
