#include "contract.hpp"
#include "killed.hpp"

#include <sqlite3.h>

#include <functional>
#include <stdexcept>

// A store that does not open leaves what it found as it was: an operator may still put the right
// file back, and then everything acknowledged is there.

using namespace store_test;
using stube::store_refused;
using stube::store_rolled_back;

namespace {

using files = std::map<std::string, std::string>;

/// What lies in a folder, without the locks and what only lives in memory.
files files_in(const fs::path& folder) {
    files found;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
        std::string name = fs::relative(each.path(), folder).string();
        if (each.is_regular_file() && !name.ends_with("-shm") && !name.ends_with("lock"))
            found[name] = text_of(each.path());
    }
    return found;
}

/// The names of those that are not the same, so that a failure does not print databases.
std::vector<std::string> changed(const files& before, const files& now) {
    std::vector<std::string> names;
    for (const auto& [name, text] : before)
        if (!now.contains(name) || now.at(name) != text) names.push_back(name);
    for (const auto& each : now)
        if (!before.contains(each.first)) names.push_back("new: " + each.first);
    return names;
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

fs::path log_of(const sqlite_place& place) {
    return place.path().string() + "-wal";
}

fs::path mark_of(const sqlite_place& place) {
    return place.path().string() + ".mark";
}

std::string body(std::uint64_t revision, std::size_t size = 3000) {
    return numbered("\"", revision) + std::string(size, 'x') + '"';
}

struct odd_place {
    temporary_folder folder;

    fs::path path() const { return folder.path() / "100%25?a#b &immutable=1" / "kept.db"; }
    std::unique_ptr<stube::store> open() const { return stube::sqlite_store(path()); }
};

/// Revisions of the conversation "a", each a batch.
std::vector<std::vector<change>> revisions(std::uint64_t first, std::uint64_t last) {
    std::vector<std::vector<change>> batches;
    for (std::uint64_t at = first; at <= last; ++at)
        batches.push_back({replacing("a", at, {{"head", body(at)}})});
    return batches;
}

std::vector<change> several(int conversations) {
    std::vector<change> batch;
    for (int i = 0; i < conversations; ++i)
        batch.push_back(creating(numbered("more", i), 1, {{"head", body(1)}}));
    return batch;
}

/// Another byte in the nth page that a log holds.
void damage_frame(const fs::path& log, std::size_t nth) {
    constexpr std::size_t frame = 4096 + 24;
    std::string text = text_of(log);
    std::size_t frames = (text.size() - 32) / frame;
    REQUIRE(frames > nth + 4);  // whole ones follow it
    text[32 + nth * frame + 2000] ^= 1;
    write(log, text);
}

/// Why it does not open; "opened" if it does.
std::string told_by(const std::function<std::unique_ptr<stube::store>()>& open) {
    try {
        open()->load_all([](record&&) {});
    } catch (const store_rolled_back& refused) {
        return std::string("rolled back: ") + refused.what();
    } catch (const store_refused& refused) {
        return std::string("refused: ") + refused.what();
    }
    return "opened";
}

std::unique_ptr<stube::store> open_for_reading(const sqlite_place& place) {
    return stube::sqlite_store(place.path(), {.read_only = true});
}

std::unique_ptr<stube::store> open_accepting(const sqlite_place& place) {
    return stube::sqlite_store(place.path(), {.accept_rollback = true});
}

/// Does not open, for reading neither, however often it is tried, and changes nothing.
void expect_left_alone(const sqlite_place& place, const std::vector<std::string>& words) {
    files before = files_in(place.folder.path());
    for (int twice = 0; twice < 2; ++twice)
        for (bool reading : {true, false}) {
            CAPTURE(reading);
            std::string told =
                told_by([&] { return reading ? open_for_reading(place) : place.open(); });
            CAPTURE(told);
            for (const std::string& word : words)
                CHECK(told.find(word) != std::string::npos);
            CHECK(changed(before, files_in(place.folder.path())) == std::vector<std::string>());
        }
}

}  // namespace

namespace doctest {

template <>
struct StringMaker<std::vector<std::string>> {
    static String convert(const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& each : names)
            text += (text.empty() ? "" : ", ") + each;
        return text.c_str();
    }
};

}  // namespace doctest

TEST_CASE("an older database beside a newer log is refused and both stay as they are") {
    struct row {
        std::string name;
        change last;
        std::string told;
    };
    const row rows[] = {
        {"a page that the older one does not reach",
         updating("more11", 2, {{"head", body(2)}}),
         "rolled back: "},
        {"a page that leads to others", replacing("more11", 2, {{"head", body(2)}}), "rolled back: "
        },
    };

    for (const row& each : rows) {
        CAPTURE(each.name);
        sqlite_place place;
        save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
        std::string older = text_of(place.path());
        // So few that SQLite would carry the log over into the older one.
        save(*open_and_load(place), several(12));
        save_and_be_killed(place, {each.last});
        std::string newest = text_of(place.path());
        write(place.path(), older);

        expect_left_alone(place, {each.told, "-wal file"});

        write(place.path(), newest);
        contents found = stored_in(place);
        CHECK(found.size() == 13);
        CHECK(found["more11"].revision == 2);
    }
}

TEST_CASE("an older database is refused also where every page of a newer log fits it") {
    sqlite_place place;
    save(
        *open_and_load(place),
        {creating("a", 1, {{"head", body(1)}}), creating("b", 1, {{"head", body(1)}})}
    );
    std::string older = text_of(place.path());
    save(*open_and_load(place), {updating("b", 2, {{"head", body(2)}})});
    save_and_be_killed(place, {updating("a", 2, {{"head", body(2)}})});
    std::string newest = text_of(place.path());
    write(place.path(), older);

    expect_left_alone(place, {"rolled back: ", "is older than its log", "-wal file"});

    SUBCASE("and the newest one has everything") {
        write(place.path(), newest);
        contents found = stored_in(place);
        CHECK(found["a"].revision == 2);
        CHECK(found["b"].revision == 2);
    }
    SUBCASE("unless that is accepted") {
        contents found = load(*open_accepting(place));
        CHECK(found["a"].revision == 2);
        CHECK(found["b"].revision == 1);
    }
    SUBCASE("and without the log it opens") {
        fs::remove(log_of(place));
        fs::remove(mark_of(place));
        contents found = stored_in(place);
        CHECK(found["a"].revision == 1);
        CHECK(found["b"].revision == 1);
    }
}

TEST_CASE("a log that was written on after many kills belongs to its database") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", body(1)}})});
    for (std::uint64_t kill = 2; kill < 7; ++kill)
        save_and_be_killed(place, {updating("a", kill, {{"head", body(kill)}})});
    CHECK(stored_in(place)["a"].revision == 6);
}

TEST_CASE("a database in a folder with any name is held against its log") {
    odd_place place;
    fs::create_directory(place.path().parent_path());
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    std::string older = text_of(place.path());
    save(*open_and_load(place), {updating("a", 2, {{"head", "2"}})});
    save_and_be_killed(place, {updating("a", 3, {{"head", "3"}})});
    write(place.path(), older);
    std::string told = told_by([&] { return place.open(); });
    CHECK(told.find("is older than its log") != std::string::npos);
}

TEST_CASE("a log with a damaged page is refused and stays as it is") {
    struct row {
        std::string name;
        bool ended_before;  ///< else the tables, too, are only in the log
        std::size_t frame;
    };
    const row rows[] = {
        {"the first page of a later life", true, 0},
        {"the first page that was ever written", false, 0},
        {"the last page of the tables", false, 3},
    };

    for (const row& each : rows) {
        CAPTURE(each.name);
        sqlite_place place;
        auto batches = revisions(2, 9);
        batches.insert(batches.begin(), {creating("a", 1, {{"head", body(1)}})});
        if (each.ended_before) {
            save(*open_and_load(place), batches.front());
            batches.erase(batches.begin());
        }
        save_all_and_be_killed(place, batches);
        std::string sound = text_of(log_of(place));
        damage_frame(log_of(place), each.frame);

        expect_left_alone(place, {"rolled back: ", "Put back the newest copy"});

        write(log_of(place), sound);
        CHECK(stored_in(place)["a"].revision == 9);
    }
}

TEST_CASE("a damaged database is refused and stays as it is with its log") {
    sqlite_place place;
    save(*open_and_load(place), several(40));
    save_and_be_killed(place, {creating("a", 1, {{"head", "1"}})});
    std::string sound = text_of(place.path());
    std::string damaged = sound;
    damaged.replace(20 * 4096, 4096, std::string(4096, '\xff'));
    write(place.path(), damaged);

    expect_left_alone(place, {"refused: ", "damaged", "keep a copy of it and of its -wal file"});

    write(place.path(), sound);
    CHECK(stored_in(place).size() == 41);
}

TEST_CASE("a database that is gone or empty is not made anew beside its log") {
    for (bool with_mark : {true, false})
        for (bool gone : {true, false}) {
            CAPTURE(with_mark);
            CAPTURE(gone);
            sqlite_place place;
            save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
            save_all_and_be_killed(place, revisions(2, 3));
            if (!with_mark) fs::remove(mark_of(place));
            fs::path elsewhere = place.folder.path() / "elsewhere.db";
            fs::rename(place.path(), elsewhere);
            if (!gone) write(place.path(), "");

            expect_left_alone(
                place,
                {"rolled back: ",
                 gone ? "is missing" : "is empty",
                 "Put the database back",
                 log_of(place).string(),
                 "accept_rollback"}
            );

            fs::rename(elsewhere, place.path());
            CHECK(stored_in(place)["a"].revision == 3);
        }
}

TEST_CASE("a database that is gone or empty is not made anew while its mark tells of it") {
    for (bool gone : {true, false}) {
        CAPTURE(gone);
        sqlite_place place;
        save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
        std::string sound = text_of(place.path());
        fs::remove(place.path());
        if (!gone) write(place.path(), "");

        expect_left_alone(
            place,
            {"rolled back: ",
             gone ? "is missing" : "is empty",
             "transaction 1 was durable",
             "remove \"" + mark_of(place).string() + '"',
             "accept_rollback"}
        );

        write(place.path(), sound);
        CHECK(stored_in(place).size() == 1);
    }
}

TEST_CASE("a loss that is accepted makes a database anew and keeps the log of the old one") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save_all_and_be_killed(place, revisions(2, 3));
    std::string log = text_of(log_of(place));
    fs::path elsewhere = place.folder.path() / "elsewhere.db";
    fs::rename(place.path(), elsewhere);
    {
        auto kept = open_accepting(place);
        CHECK(load(*kept).empty());
        save(*kept, {creating("b", 1, {{"head", "1"}})});
    }
    CHECK(stored_in(place).size() == 1);

    temporary_folder other;
    fs::rename(elsewhere, other.path() / "kept.db");
    fs::copy_file(log_of(place).string() + ".lost", other.path() / "kept.db-wal");
    CHECK(text_of(other.path() / "kept.db-wal") == log);
    CHECK(load(*stube::sqlite_store(other.path() / "kept.db"))["a"].revision == 3);
}

TEST_CASE("a store that ended empty and whose database was removed begins anew") {
    sqlite_place place;
    open_and_load(place);
    fs::remove(place.path());

    CHECK(stored_in(place).empty());
}

TEST_CASE("an older copy that has no log is refused and not even its way of writing is changed") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    {
        sqlite3* handle = nullptr;
        REQUIRE(sqlite3_open(place.path().c_str(), &handle) == SQLITE_OK);
        std::string copy = "VACUUM INTO '" + place.folder.path().string() + "/copy.db'";
        CHECK(sqlite3_exec(handle, copy.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(handle);
    }
    save(*open_and_load(place), {replacing("a", 2, {{"head", "2"}})});
    std::string newest = text_of(place.path());
    fs::rename(place.folder.path() / "copy.db", place.path());

    expect_left_alone(place, {"rolled back: "});

    write(place.path(), newest);
    CHECK(stored_in(place)["a"].revision == 2);
}

TEST_CASE("loading that is broken off, or never begun, leaves the log as it is") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save_all_and_be_killed(place, revisions(2, 3));
    files before = files_in(place.folder.path());

    place.open();
    CHECK(changed(before, files_in(place.folder.path())) == std::vector<std::string>());
    auto break_off = [](record&&) { throw std::runtime_error("broken off"); };
    CHECK_THROWS_WITH(place.open()->load_all(break_off), "broken off");
    CHECK(changed(before, files_in(place.folder.path())) == std::vector<std::string>());
    CHECK(stored_in(place)["a"].revision == 3);
}

TEST_CASE("a folder that is refused stays as it is, also what was being written in it") {
    file_place place;
    save(
        *open_and_load(place),
        {creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})}
    );
    fs::path b = place.path() / "b.json";
    std::string newest;
    SUBCASE("older than its mark") {
        std::string older = text_of(b);
        save(*open_and_load(place), {replacing("b", 2, {{"head", "2"}})});
        newest = text_of(b);
        write(b, older);
    }
    SUBCASE("a file is gone") {
        save(*open_and_load(place), {replacing("b", 2, {{"head", "2"}})});
        newest = text_of(b);
        fs::remove(b);
    }
    write(place.path() / "b.tmp", "half");
    files before = files_in(place.path());

    for (int twice = 0; twice < 2; ++twice) {
        CHECK(told_by([&] { return place.open(); }).starts_with("rolled back: "));
        CHECK(changed(before, files_in(place.path())) == std::vector<std::string>());
    }

    write(b, newest);
    CHECK(stored_in(place)["b"].revision == 2);
}
