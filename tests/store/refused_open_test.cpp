#include "killed.hpp"
#include "support.hpp"

#include <sqlite3.h>

#include <functional>
#include <stdexcept>

// A store that does not open leaves all files unchanged. An operator can still put the right file
// back, and then every acknowledged save is loaded.

using namespace store_test;
using stube::store_refused;
using stube::store_rolled_back;

namespace {

using files = std::map<std::string, std::string>;

/// The contents of all files in a folder, except locks and SQLite's shared memory.
files files_in(const fs::path& folder) {
    files found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = fs::relative(entry.path(), folder).string();
        if (entry.is_regular_file() && !name.ends_with("-shm") && !name.ends_with("lock"))
            found[name] = text_of(entry.path());
    }
    return found;
}

/// The names of the files that differ. A failed check prints the names and not the contents.
std::vector<std::string> changed(const files& before, const files& now) {
    std::vector<std::string> names;
    for (const auto& [name, text] : before)
        if (!now.contains(name) || now.at(name) != text) names.push_back(name);
    for (const auto& [name, text] : now)
        if (!before.contains(name)) names.push_back("new: " + name);
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

/// Batches that each save one revision of the conversation "a".
std::vector<std::vector<change>> revisions(std::uint64_t first, std::uint64_t last) {
    std::vector<std::vector<change>> batches;
    for (std::uint64_t revision = first; revision <= last; ++revision)
        batches.push_back({replacing("a", revision, {{"head", body(revision)}})});
    return batches;
}

std::vector<change> several(int conversations) {
    std::vector<change> batch;
    for (int i = 0; i < conversations; ++i)
        batch.push_back(creating(numbered("more", i), 1, {{"head", body(1)}}));
    return batch;
}

/// Changes a byte in the nth page of a log.
void damage_frame(const fs::path& log, std::size_t nth) {
    constexpr std::size_t frame = 4096 + 24;
    std::string text = text_of(log);
    std::size_t frames = (text.size() - 32) / frame;
    REQUIRE(frames > nth + 4);  // undamaged pages follow it
    text[32 + nth * frame + 2000] ^= 1;
    write(log, text);
}

/// The error of a store that does not open; "opened" if it opens.
std::string error_of(const std::function<std::unique_ptr<stube::store>()>& open) {
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

/// Checks that repeated attempts to open the store, for reading too, fail and change nothing.
void expect_unchanged(const sqlite_place& place, const std::vector<std::string>& words) {
    files before = files_in(place.folder.path());
    for (int twice = 0; twice < 2; ++twice)
        for (bool is_reading : {true, false}) {
            CAPTURE(is_reading);
            const std::string error =
                error_of([&] { return is_reading ? open_for_reading(place) : place.open(); });
            CAPTURE(error);
            for (const auto& word : words)
                CHECK(error.find(word) != std::string::npos);
            CHECK(changed(before, files_in(place.folder.path())) == std::vector<std::string>());
        }
}

}  // namespace

namespace doctest {

template <>
struct StringMaker<std::vector<std::string>> {
    static String convert(const std::vector<std::string>& names) {
        std::string text;
        for (const auto& name : names)
            text += (text.empty() ? "" : ", ") + name;
        return text.c_str();
    }
};

}  // namespace doctest

TEST_CASE("an older database beside a newer log is refused and both stay as they are") {
    struct row {
        std::string name;
        change last;
        std::string error;
    };
    const row rows[] = {
        {"a page beyond the end of the older one",
         updating("more11", 2, {{"head", body(2)}}),
         "rolled back: "},
        {"an interior page", replacing("more11", 2, {{"head", body(2)}}), "rolled back: "},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        sqlite_place place;
        save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
        std::string older = text_of(place.path());
        // So few that SQLite would accept the log for the older database and checkpoint it.
        save(*open_and_load(place), several(12));
        save_and_be_killed(place, {row.last});
        std::string newest = text_of(place.path());
        write(place.path(), older);

        expect_unchanged(place, {row.error, "-wal file"});

        write(place.path(), newest);
        contents found = stored_in(place);
        CHECK(found.size() == 13);
        CHECK(found["more11"].revision == 2);
    }
}

TEST_CASE("an older database is refused even if every page of a newer log fits it") {
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

    expect_unchanged(place, {"rolled back: ", "is older than its log", "-wal file"});

    SUBCASE("and the newest one has every save") {
        write(place.path(), newest);
        contents found = stored_in(place);
        CHECK(found["a"].revision == 2);
        CHECK(found["b"].revision == 2);
    }
    SUBCASE("unless the rollback is accepted") {
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

TEST_CASE("a log that was extended after many kills belongs to its database") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", body(1)}})});
    for (std::uint64_t kill = 2; kill < 7; ++kill)
        save_and_be_killed(place, {updating("a", kill, {{"head", body(kill)}})});
    CHECK(stored_in(place)["a"].revision == 6);
}

TEST_CASE("a database in a folder with special characters is compared with its log") {
    odd_place place;
    fs::create_directory(place.path().parent_path());
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    std::string older = text_of(place.path());
    save(*open_and_load(place), {updating("a", 2, {{"head", "2"}})});
    save_and_be_killed(place, {updating("a", 3, {{"head", "3"}})});
    write(place.path(), older);
    const std::string error = error_of([&] { return place.open(); });
    CHECK(error.find("is older than its log") != std::string::npos);
}

TEST_CASE("a log with a damaged page is refused and stays as it is") {
    struct row {
        std::string name;
        bool ended_before;  ///< otherwise even the tables are only in the log
        std::size_t frame;
    };
    const row rows[] = {
        {"the first page of a later life", true, 0},
        {"the first page that was ever written", false, 0},
        {"the last page of the tables", false, 3},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        sqlite_place place;
        auto batches = revisions(2, 9);
        batches.insert(batches.begin(), {creating("a", 1, {{"head", body(1)}})});
        if (row.ended_before) {
            save(*open_and_load(place), batches.front());
            batches.erase(batches.begin());
        }
        save_all_and_be_killed(place, batches);
        std::string intact = text_of(log_of(place));
        damage_frame(log_of(place), row.frame);

        expect_unchanged(place, {"rolled back: ", "Put back the newest copy"});

        write(log_of(place), intact);
        CHECK(stored_in(place)["a"].revision == 9);
    }
}

TEST_CASE("a damaged database is refused and stays as it is with its log") {
    sqlite_place place;
    save(*open_and_load(place), several(40));
    save_and_be_killed(place, {creating("a", 1, {{"head", "1"}})});
    std::string intact = text_of(place.path());
    std::string damaged = intact;
    damaged.replace(20 * 4096, 4096, std::string(4096, '\xff'));
    write(place.path(), damaged);

    expect_unchanged(place, {"refused: ", "damaged", "keep a copy of it and of its -wal file"});

    write(place.path(), intact);
    CHECK(stored_in(place).size() == 41);
}

TEST_CASE("a missing or empty database is not created again beside its log") {
    for (bool with_mark : {true, false})
        for (bool is_missing : {true, false}) {
            CAPTURE(with_mark);
            CAPTURE(is_missing);
            sqlite_place place;
            save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
            save_all_and_be_killed(place, revisions(2, 3));
            if (!with_mark) fs::remove(mark_of(place));
            fs::path elsewhere = place.folder.path() / "elsewhere.db";
            fs::rename(place.path(), elsewhere);
            if (!is_missing) write(place.path(), "");

            expect_unchanged(
                place,
                {"rolled back: ",
                 is_missing ? "is missing" : "is empty",
                 "Put the database back",
                 log_of(place).string(),
                 "accept_rollback"}
            );

            fs::rename(elsewhere, place.path());
            CHECK(stored_in(place)["a"].revision == 3);
        }
}

TEST_CASE("a missing or empty database is not created again beside its high-water mark") {
    for (bool is_missing : {true, false}) {
        CAPTURE(is_missing);
        sqlite_place place;
        save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
        std::string intact = text_of(place.path());
        fs::remove(place.path());
        if (!is_missing) write(place.path(), "");

        expect_unchanged(
            place,
            {"rolled back: ",
             is_missing ? "is missing" : "is empty",
             "transaction 1 was durable",
             "remove \"" + mark_of(place).string() + '"',
             "accept_rollback"}
        );

        write(place.path(), intact);
        CHECK(stored_in(place).size() == 1);
    }
}

TEST_CASE("an accepted loss creates a new database and keeps the log of the old one") {
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

TEST_CASE("a removed database of an empty store is created again") {
    sqlite_place place;
    open_and_load(place);
    fs::remove(place.path());

    CHECK(stored_in(place).empty());
}

TEST_CASE("an older copy without a log is refused and keeps its journal mode") {
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

    expect_unchanged(place, {"rolled back: "});

    write(place.path(), newest);
    CHECK(stored_in(place)["a"].revision == 2);
}

TEST_CASE("loading that is interrupted or never begins leaves the log as it is") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save_all_and_be_killed(place, revisions(2, 3));
    files before = files_in(place.folder.path());

    place.open();
    CHECK(changed(before, files_in(place.folder.path())) == std::vector<std::string>());
    auto interrupt = [](record&&) { throw std::runtime_error("interrupted"); };
    CHECK_THROWS_WITH(place.open()->load_all(interrupt), "interrupted");
    CHECK(changed(before, files_in(place.folder.path())) == std::vector<std::string>());
    CHECK(stored_in(place)["a"].revision == 3);
}

TEST_CASE("a refused folder stays as it is with its unfinished files") {
    file_place place;
    save(
        *open_and_load(place),
        {creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})}
    );
    fs::path b = place.path() / "b.json";
    std::string newest;
    SUBCASE("older than its high-water mark") {
        std::string older = text_of(b);
        save(*open_and_load(place), {replacing("b", 2, {{"head", "2"}})});
        newest = text_of(b);
        write(b, older);
    }
    SUBCASE("a file is missing") {
        save(*open_and_load(place), {replacing("b", 2, {{"head", "2"}})});
        newest = text_of(b);
        fs::remove(b);
    }
    write(place.path() / "b.tmp", "half");
    files before = files_in(place.path());

    for (int twice = 0; twice < 2; ++twice) {
        CHECK(error_of([&] { return place.open(); }).starts_with("rolled back: "));
        CHECK(changed(before, files_in(place.path())) == std::vector<std::string>());
    }

    write(b, newest);
    CHECK(stored_in(place)["b"].revision == 2);
}
