#include "faults.hpp"
#include "support.hpp"

#include <stube/store/upkeep.hpp>

#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

// Erasing conversations from the SQLite store. `temporary_folder` has nothing but its files, so a
// search over the folder is a search over all of them.

using namespace store_test;
using stube::store_refused;

namespace {

constexpr std::string_view seed = "seed-4711-of-ada";

change recorded(change next, std::vector<std::string> aliases = {}) {
    archived_commit commit;
    commit.parent = next.revision - 1;
    commit.event = R"({"by":")" + std::string(next.id == "ada" ? seed : "bob") + "\"}";
    commit.about = "{}";
    commit.is_whole = next.kind != change_kind::update;
    commit.written = next.written;
    commit.dropped = next.dropped;
    commit.aliases = std::move(aliases);
    next.commit = std::make_shared<const archived_commit>(std::move(commit));
    return next;
}

/// A body with the seed, of many pages if it is large.
std::string seeded(std::size_t size = 0) {
    return "\"" + std::string(seed) + std::string(size, 'x') + std::string(seed) + "\"";
}

eraser& eraser_of(stube::store& kept) {
    return dynamic_cast<eraser&>(kept);
}

bool holds(const fs::path& folder, std::string_view text) {
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
        if (!each.is_regular_file()) continue;
        std::ifstream in(each.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (bytes.find(text) != std::string::npos) return true;
    }
    return false;
}

std::set<std::string> ids_with_seed(stube::store& kept) {
    std::set<std::string> ids;
    eraser_of(kept).each_text([&](const stored_text& each) {
        if (each.text.find(seed) != std::string_view::npos) ids.emplace(each.id);
    });
    return ids;
}

/// Ada's conversations, one of which has ended, and one of Bob. Rows that were moved and deleted
/// have left remnants.
void save_all(stube::store& kept) {
    for (const char* id : {"ada", "ended"}) {
        save(kept, {recorded(creating(id, 1, {{"head", seeded()}, {"i1", seeded(20'000)}}))});
        for (std::uint64_t revision = 2; revision < 10; ++revision)
            save(kept, {recorded(updating(id, revision, {{"i1", seeded(revision * 900)}}))});
    }
    save(kept, {recorded(creating("bob", 1, {{"head", "\"bob\""}}), {"order of bob"})});
    save(
        kept,
        {recorded(
            updating("ada", 10, {{"head", seeded()}}, {"i1"}),
            {"order of " + std::string(seed)}
        )}
    );
    save(kept, {removing("ended")});
}

}  // namespace

TEST_CASE("an erased conversation leaves no byte in any file of a database") {
    archive_place place;
    {
        auto kept = open_and_load(place);
        save_all(*kept);
        CHECK(holds(place.folder.path(), seed));
        CHECK(ids_with_seed(*kept) == std::set<std::string>{"ada", "ended"});

        const auto counts = eraser_of(*kept).erase({{"ada", "ended"}, {}, 1000});

        CHECK(counts.conversations == 1);
        CHECK(counts.archived == 2);
        CHECK(counts.heads == 19);
        CHECK(ids_with_seed(*kept).empty());
        CHECK_FALSE(holds(place.folder.path(), seed));
        CHECK(fs::file_size(place.path().string() + "-wal") == 0);
    }
    CHECK_FALSE(holds(place.folder.path(), seed));
    auto kept = open_and_load(place);
    CHECK(kept->load_all([](record&&) {}).warnings.empty());
    CHECK(dynamic_cast<archive&>(*kept).find_alias("order of bob") == "bob");
    const auto checked = dynamic_cast<archive_upkeep&>(*kept).check_archive(check_depth::deep);
    CHECK(checked.fault_count == 0);
    CHECK(checked.garbage == 0);
    CHECK(checked.heads == 1);
    REQUIRE(checked.erasures.size() == 1);
    CHECK(checked.erasures[0] == "1970-01-01 00:00:01 UTC: 1 conversations, 2 archived, 19 heads");
}

TEST_CASE("an erased conversation leaves no byte in a database without an archive") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(*kept, {creating("ada", 1, {{"head", seeded(9000)}})});
    save(*kept, {updating("ada", 2, {{"head", seeded()}})});
    save(*kept, {creating("bob", 1, {{"head", "1"}})});

    eraser_of(*kept).erase({{"ada"}, {}, 0});

    CHECK_FALSE(holds(place.folder.path(), seed));
    kept.reset();
    CHECK(stored_in(place).size() == 1);
}

TEST_CASE("quarantined and damaged rows are erased too") {
    archive_place place;
    save_all(*open_and_load(place));
    run_sql(place.path(), "UPDATE part SET checksum = 7 WHERE conversation = 'ada'");
    run_sql(place.path(), "UPDATE archive SET previous = 9999, parts = '[' WHERE head = 5");
    run_sql(place.path(), "UPDATE ended SET archived = 1");
    auto kept = place.open();
    CHECK(kept->load_all([](record&&) {}).quarantined.size() == 1);
    CHECK(ids_with_seed(*kept) == std::set<std::string>{"ada", "ended"});

    eraser_of(*kept).erase({{"ada", "ended"}, {}, 0});

    CHECK_FALSE(holds(place.folder.path(), seed));
    kept.reset();
    CHECK(stored_in(place).size() == 1);
}

TEST_CASE("an erased history leaves the current state and a new archive begins") {
    archive_place place;
    auto kept = open_and_load(place);
    save_all(*kept);

    const auto counts = eraser_of(*kept).erase({{}, {"ada"}, 0});
    CHECK(counts.conversations == 0);
    CHECK(counts.heads == 10);
    archive& archived = dynamic_cast<archive&>(*kept);
    CHECK(archived.heads("ada", 100, 100).empty());
    save(*kept, {recorded(updating("ada", 11, {{"i2", "2"}}))});
    save(*kept, {recorded(updating("bob", 2, {{"i2", "2"}}))});
    kept.reset();

    kept = place.open();
    CHECK(load(*kept).at("ada").revision == 11);
    archive& again = dynamic_cast<archive&>(*kept);
    CHECK(again.heads("ada", 100, 100).size() == 1);
    CHECK(again.state("ada", 11)->parts.size() == 2);
    CHECK(again.heads("bob", 100, 100).size() == 2);
}

TEST_CASE("an interrupted erasure is finished by the next one") {
    for (const auto kind : {fault::write, fault::sync}) {
        int interrupted = 0;
        for (int nth = 1; nth < 400; ++nth) {
            archive_place_in_memory place;
            auto kept = open_and_load(place);
            save_all(*kept);
            fail_from(kind, nth, kind == fault::write ? ENOSPC : EIO);
            bool is_done = true;
            try {
                eraser_of(*kept).erase({{"ada", "ended"}, {}, 0});
            } catch (const std::exception&) {
                is_done = false;
            }
            const bool tripped = end_faults();
            if (!tripped) break;
            interrupted += !is_done;
            kept.reset();

            // A new process finds the conversations in part, or only their remnants.
            kept = open_and_load(place);
            const auto left = ids_with_seed(*kept);
            CHECK((left.empty() || left == std::set<std::string>{"ada", "ended"}));
            eraser_of(*kept).erase({{left.begin(), left.end()}, {}, 0});
            CHECK_FALSE(holds(place.folder.path(), seed));
            CHECK(ids_with_seed(*kept).empty());
            kept.reset();
            CHECK(stored_in(place).size() == 1);
        }
        CHECK(interrupted > 0);
    }
}

TEST_CASE("an erasure that is killed is finished by the next one") {
    int interrupted = 0;
    for (unsigned round = 0; round < 40; ++round) {
        archive_place place;
        save_all(*open_and_load(place));
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            auto kept = place.open();
            kept->load_all([](record&&) {});
            eraser_of(*kept).erase({{"ada", "ended"}, {}, 0});
            ::_exit(0);
        }
        ::usleep(1000 + round * 500);
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        interrupted += WIFSIGNALED(status);

        auto kept = open_and_load(place);
        const auto left = ids_with_seed(*kept);
        CHECK((left.empty() || left == std::set<std::string>{"ada", "ended"}));
        eraser_of(*kept).erase({{left.begin(), left.end()}, {}, 0});
        CHECK_FALSE(holds(place.folder.path(), seed));
        kept.reset();
        CHECK(stored_in(place).size() == 1);
    }
    CHECK(interrupted > 0);
}

TEST_CASE("the index of queries is deleted and copies beside the database are named") {
    archive_place place;
    auto kept = open_and_load(place);
    save_all(*kept);
    const std::string path = place.path().string();
    for (const char* suffix : {".index", ".index-wal", ".format-2.backup"})
        std::ofstream(path + suffix) << seed;

    eraser_of(*kept).erase({{"ada", "ended"}, {}, 0});

    CHECK_FALSE(fs::exists(path + ".index"));
    CHECK_FALSE(fs::exists(path + ".index-wal"));
    CHECK(fs::exists(path + ".format-2.backup"));
    const std::vector<std::string> wanted{"nothing", std::string(seed)};
    CHECK(
        eraser_of(*kept).files_with(wanted) == std::vector<std::string>{path + ".format-2.backup"}
    );
}

TEST_CASE("a text is found in a file across the pieces in which the file is read") {
    archive_place place;
    auto kept = open_and_load(place);
    const std::string copy = place.path().string() + ".copy";
    const std::vector<std::string> wanted{std::string(seed)};
    for (const std::size_t before : {(1u << 20) - 1, (1u << 20) - 15, (1u << 20), 0u}) {
        std::ofstream(copy) << std::string(before, 'x') << seed << std::string(3000, 'x');
        CHECK(eraser_of(*kept).files_with(wanted) == std::vector<std::string>{copy});
    }
    std::ofstream(copy) << std::string(2u << 20, 'x') << "seed-4711";
    CHECK(eraser_of(*kept).files_with(wanted).empty());
}

TEST_CASE("a database that is open for reading only refuses to erase") {
    archive_place place;
    save_all(*open_and_load(place));
    auto reader = stube::sqlite_store(place.path(), {.read_only = true, .archive = true});
    load(*reader);
    CHECK_THROWS_AS(eraser_of(*reader).erase({{"ada"}, {}, 0}), store_refused);
}

TEST_CASE("an erasure that a reader of the database delays is reported") {
    archive_place place;
    auto kept = open_and_load(place);
    save_all(*kept);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(place.path().c_str(), &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN; SELECT * FROM part", nullptr, nullptr, nullptr) == SQLITE_OK);

    CHECK_THROWS_WITH_AS(
        eraser_of(*kept).erase({{"ada", "ended"}, {}, 0}),
        doctest::Contains("the rows are deleted, but the log still has their bytes"),
        store_refused
    );
    sqlite3_close(other);
    eraser_of(*kept).erase({});

    CHECK_FALSE(holds(place.folder.path(), seed));
}
