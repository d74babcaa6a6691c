#include "killed.hpp"
#include "support.hpp"

// Stores that were replaced by an older copy or lost their end, and stores that are read while
// another process owns them.

using namespace store_test;
using stube::store_refused;
using stube::store_rolled_back;

namespace {

std::unique_ptr<stube::store> open_accepting(const file_place& place) {
    return stube::file_store(place.path(), {.accept_rollback = true});
}

std::unique_ptr<stube::store> open_accepting(const sqlite_place& place) {
    return stube::sqlite_store(place.path(), {.accept_rollback = true});
}

std::unique_ptr<stube::store> open_for_reading(const file_place& place) {
    return stube::file_store(place.path(), {.read_only = true});
}

std::unique_ptr<stube::store> open_for_reading(const sqlite_place& place) {
    return stube::sqlite_store(place.path(), {.read_only = true});
}

fs::path mark_of(const file_place& place) {
    return place.path() / ".mark";
}

fs::path mark_of(const sqlite_place& place) {
    return place.path().string() + ".mark";
}

/// Replaces `to` by a copy of `from`.
void copy_all(const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
}

/// Puts a copy back and keeps the high-water mark.
template <class Place>
void put_back(const fs::path& copy, const Place& place) {
    std::string mark = text_of(mark_of(place));
    copy_all(copy, place.folder.path());
    std::ofstream(mark_of(place), std::ios::binary) << mark;
}

template <class Place>
void expect_rolled_back(const Place& place) {
    std::string error;
    try {
        place.open()->load_all([](record&&) {});
    } catch (const store_rolled_back& rolled_back) {
        error = rolled_back.what();
    }
    CAPTURE(error);
    CHECK(error.find(place.path().string()) != std::string::npos);
    CHECK(error.find("remove \"" + mark_of(place).string() + "\"") != std::string::npos);
    CHECK(error.find("accept_rollback") != std::string::npos);
}

}  // namespace

TEST_CASE_TEMPLATE("an older copy that was put back is detected", Place, file_place, sqlite_place) {
    Place place;
    temporary_folder elsewhere;
    fs::path copy = elsewhere.path() / "copy";
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    copy_all(place.folder.path(), copy);
    SUBCASE("after an orderly end") {
        save(*open_and_load(place), {replacing("a", 2, {{"head", "2"}})});
    }
    SUBCASE("after a kill") {
        save_and_be_killed(place, {replacing("a", 2, {{"head", "2"}})});
    }
    SUBCASE("after a removal") {
        save(*open_and_load(place), {removing("a"), creating("b", 1, {{"head", "1"}})});
    }
    put_back(copy, place);

    expect_rolled_back(place);
    expect_rolled_back(place);

    // A rollback has to be accepted only once. It ends with a new mark for the loaded state.
    contents old;
    apply_change(old, creating("a", 1, {{"head", "1"}}));
    {
        auto kept = open_accepting(place);
        CHECK(load(*kept) == old);
        save(*kept, {replacing("a", 2, {{"head", "other"}})});
    }
    CHECK(stored_in(place).at("a").parts[0].body == "other");
    copy_all(place.folder.path(), copy);
    save(*open_and_load(place), {replacing("a", 3, {{"head", "3"}})});
    put_back(copy, place);
    expect_rolled_back(place);
}

TEST_CASE("a removed file that was put back is reported") {
    file_place place;
    temporary_folder elsewhere;
    fs::path copy = elsewhere.path() / "copy";
    save(
        *open_and_load(place),
        {creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})}
    );
    copy_all(place.folder.path(), copy);
    save(*open_and_load(place), {removing("a")});
    put_back(copy, place);

    auto report = place.open()->load_all([](record&&) {});

    REQUIRE(report.warnings.size() == 1);
    CHECK(report.warnings[0].find("2 conversations that differ from the 1") != std::string::npos);
}

TEST_CASE("a log that was deleted or cut off is detected") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save_and_be_killed(place, {replacing("a", 2, {{"head", "2"}})});
    fs::path log = place.path().string() + "-wal";
    REQUIRE(fs::file_size(log) > 0);

    SUBCASE("deleted") {
        fs::remove(log);
    }
    SUBCASE("cut off") {
        fs::resize_file(log, fs::file_size(log) - 1);
    }
    SUBCASE("damaged") {
        std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(200);
        file << "x";
    }
    fs::remove(place.path().string() + "-shm");

    expect_rolled_back(place);
}

TEST_CASE_TEMPLATE("a store that was emptied is detected", Place, file_place, sqlite_place) {
    Place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    if constexpr (std::is_same_v<Place, file_place>)
        fs::remove(place.path() / "a.json");
    else
        fs::remove(place.path());

    expect_rolled_back(place);
}

TEST_CASE_TEMPLATE(
    "removing the newest conversation does not count as a rollback",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save(*open_and_load(place), {creating("b", 1, {{"head", "1"}})});

    save_and_be_killed(place, {removing("b"), removing("never_there")});
    CHECK(stored_in(place).size() == 1);
    save_and_be_killed(place, {removing("a")});
    CHECK(stored_in(place).empty());
    save_and_be_killed(place, {creating("a", 1, {{"head", "1"}})});
    CHECK(stored_in(place).size() == 1);
}

TEST_CASE_TEMPLATE(
    "a quarantined conversation is not taken for a rollback now or later",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save(*open_and_load(place), {creating("newest", 1, {{"head", R"("damaged")"}})});
    fs::path file = place.path();
    if constexpr (std::is_same_v<Place, file_place>) file /= "newest.json";
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(text_of(file).find("damaged")));
    bytes << "D";
    bytes.close();

    auto report = place.open()->load_all([](record&&) {});

    REQUIRE(report.quarantined.size() == 1);
    CHECK(report.quarantined[0].id == "newest");
    CHECK(stored_in(place).size() == 1);
}

TEST_CASE_TEMPLATE(
    "a missing or torn high-water mark is reported and refuses nothing",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    save(*open_and_load(place), {replacing("a", 2, {{"head", "2"}})});
    auto load_with_warnings = [&] { return place.open()->load_all([](record&&) {}).warnings; };
    CHECK(load_with_warnings().empty());

    SUBCASE("missing") {
        fs::remove(mark_of(place));
        REQUIRE(load_with_warnings().size() == 1);
    }
    SUBCASE("nonsense") {
        std::ofstream(mark_of(place)) << std::string(320, 'x');
        auto warnings = load_with_warnings();
        REQUIRE(warnings.size() == 1);
        CHECK(warnings[0].find("cannot be read") != std::string::npos);
    }
    SUBCASE("the line that was written last is torn") {
        std::string text = text_of(mark_of(place));
        for (std::size_t at : {30u, 190u}) {
            text[at] = '#';
            std::ofstream(mark_of(place)) << text;
            CHECK_NOTHROW(load_with_warnings());
        }
    }
    save(*open_and_load(place), {replacing("a", 3, {{"head", "3"}})});
    CHECK(load_with_warnings().empty());
}

TEST_CASE_TEMPLATE(
    "a store has its high-water mark before its first save",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    auto kept = open_and_load(place);
    CHECK(fs::file_size(mark_of(place)) > 0);
}

TEST_CASE("the high-water mark follows the checkpoints with survives_process_crash") {
    sqlite_place place;
    stube::sqlite_options options{.acknowledged = stube::durability::survives_process_crash};
    auto kept = stube::sqlite_store(place.path(), options);
    load(*kept);
    save(*kept, {creating("a", 1, {{"head", "1"}})});
    CHECK(text_of(mark_of(place)).find(" saved 0 ") != std::string::npos);
    std::string body = '"' + std::string(5 << 20, 'x') + '"';
    save(*kept, {replacing("a", 2, {{"head", body}})});
    CHECK(text_of(mark_of(place)).find(" saved 2 ") != std::string::npos);
}

TEST_CASE_TEMPLATE(
    "a store can be read while another process owns it",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    auto kept = open_and_load(place);
    contents expected;
    for (std::uint64_t revision = 1; revision <= 3; ++revision) {
        change next = creating("a", revision, {{"head", numbered("", revision)}});
        if (revision > 1) next.kind = change_kind::replace;
        save(*kept, {next});
        apply_change(expected, next);

        auto reader = open_for_reading(place);
        CHECK(load(*reader) == expected);
        CHECK_THROWS_AS(save(*reader, {removing("a")}), store_refused);
        CHECK(load(*reader) == expected);
    }
    save(*kept, {removing("a")});
    CHECK(load(*open_for_reading(place)).empty());
}

TEST_CASE_TEMPLATE(
    "reading changes nothing and quarantines nothing",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    save(
        *open_and_load(place),
        {creating("a", 1, {{"head", "1"}}), creating("bad", 1, {{"head", R"("damaged")"}})}
    );
    fs::path file = place.path();
    if constexpr (std::is_same_v<Place, file_place>) file /= "bad.json";
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(text_of(file).find("damaged")));
    bytes << "D";
    bytes.close();
    std::string before = text_of(file) + text_of(mark_of(place));

    for (int twice = 0; twice < 2; ++twice) {
        auto report = open_for_reading(place)->load_all([](record&&) {});
        CHECK(report.loaded == 1);
        REQUIRE(report.quarantined.size() == 1);
        CHECK(report.quarantined[0].where.find("left") != std::string::npos);
    }
    CHECK(text_of(file) + text_of(mark_of(place)) == before);
}

TEST_CASE_TEMPLATE("opening for reading creates no store", Place, file_place, sqlite_place) {
    Place place;
    CHECK_THROWS_AS(
        open_for_reading(place)->load_all([](stube::storage::record&&) {}),
        store_refused
    );
    CHECK(fs::is_empty(place.folder.path()));
}

TEST_CASE_TEMPLATE("the store of a killed process can be read", Place, file_place, sqlite_place) {
    Place place;
    save_and_be_killed(place, {creating("a", 1, {{"head", "1"}})});

    CHECK(load(*open_for_reading(place)).size() == 1);
    CHECK(stored_in(place).size() == 1);
}
