#include "contract.hpp"

#include <fstream>

// Files that somebody deletes or replaces while a store has them open.

using namespace store_test;
using stube::place_watch;
using stube::store_unknown;

namespace {

place_watch& watch_of(stube::store& of) {
    return dynamic_cast<place_watch&>(of);
}

/// What the store says of its place; empty if all is well.
std::string complaint(stube::store& of) {
    try {
        watch_of(of).check_place();
    } catch (const store_unknown& lost) {
        return lost.what();
    }
    return {};
}

/// Puts a copy in place of a file, byte for byte.
void replace_by_copy(const fs::path& file) {
    const fs::path copy = file.string() + ".copy";
    fs::copy_file(file, copy);
    fs::rename(copy, file);
}

void expect_lost(stube::store& opened, const fs::path& path) {
    const auto told = complaint(opened);
    CAPTURE(told);
    CHECK(told.find(path.string()) != std::string::npos);
    CHECK(told.find("deleted or replaced") != std::string::npos);
    CHECK_THROWS_AS(save(opened, {replacing("a", 9, {{"head", "9"}})}), store_unknown);
    CHECK_THROWS_AS(save(opened, {creating("z", 1, {{"head", "1"}})}), store_unknown);
}

/// Until the time of the folder tells that somebody has changed something in it.
std::string complaint_in_time(stube::store& of, const fs::path& folder) {
    for (int change = 0;; ++change) {
        std::ofstream(folder / "by somebody else") << change;
        fs::remove(folder / "by somebody else");
        if (auto told = complaint(of); !told.empty()) return told;
    }
}

}  // namespace

TEST_CASE("a database, its log or its lock that is deleted or replaced stops the store") {
    for (const std::string suffix : {"", "-wal", "-shm", ".lock"}) {
        for (const bool is_replaced : {false, true}) {
            CAPTURE(suffix);
            CAPTURE(is_replaced);
            const sqlite_place place;
            const auto opened = open_and_load(place);
            save(*opened, {creating("a", 1, {{"head", "1"}})});
            CHECK(complaint(*opened).empty());
            const fs::path file = place.path().string() + suffix;
            is_replaced ? replace_by_copy(file) : void(fs::remove(file));
            expect_lost(*opened, file);
        }
    }
}

TEST_CASE("a save into a database that is gone is not acknowledged") {
    const sqlite_place place;
    const auto opened = open_and_load(place);
    save(*opened, {creating("a", 1, {{"head", "1"}})});
    fs::remove(place.path());
    CHECK_THROWS_AS(save(*opened, {replacing("a", 2, {{"head", "2"}})}), store_unknown);
}

TEST_CASE("a folder or its lock that is deleted or replaced stops the store") {
    const auto opened_at = [](const file_place& place) {
        auto opened = open_and_load(place);
        save(*opened, {creating("a", 1, {{"head", "1"}})});
        CHECK(complaint(*opened).empty());
        return opened;
    };
    SUBCASE("a folder that is deleted") {
        const file_place place;
        const auto opened = opened_at(place);
        fs::remove_all(place.path());
        expect_lost(*opened, place.path());
    }
    SUBCASE("a folder that is moved away") {
        const file_place place;
        const auto opened = opened_at(place);
        fs::rename(place.path(), place.folder.path() / "away");
        expect_lost(*opened, place.path());
    }
    SUBCASE("a folder that a copy stands in for") {
        const file_place place;
        const auto opened = opened_at(place);
        fs::copy(place.path(), place.folder.path() / "copy", fs::copy_options::recursive);
        fs::rename(place.path(), place.folder.path() / "away");
        fs::rename(place.folder.path() / "copy", place.path());
        expect_lost(*opened, place.path());
    }
    SUBCASE("the lock") {
        const file_place place;
        const auto opened = opened_at(place);
        fs::remove(place.path() / "lock");
        expect_lost(*opened, place.path() / "lock");
    }
}

TEST_CASE("a file of a folder that somebody else deletes or replaces stops the store") {
    for (const bool is_loaded : {false, true}) {
        for (const bool is_replaced : {false, true}) {
            CAPTURE(is_loaded);
            CAPTURE(is_replaced);
            const file_place place;
            auto opened = open_and_load(place);
            save(*opened, {creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})});
            save(*opened, {replacing("b", 2, {{"head", "2"}})});
            if (is_loaded) {
                opened.reset();
                opened = open_and_load(place);
            }
            const auto file = place.path() / "b.json";
            is_replaced ? replace_by_copy(file) : void(fs::remove(file));
            const auto told = complaint_in_time(*opened, place.path());
            CHECK(told.find(file.string()) != std::string::npos);
        }
    }
}

TEST_CASE("files of others in the folder of a store do not concern it") {
    const file_place place;
    const auto opened = open_and_load(place);
    save(*opened, {creating("a", 1, {{"head", "1"}})});
    std::ofstream(place.path() / "notes.txt") << "mine";
    CHECK(complaint(*opened).empty());
    fs::remove(place.path() / "notes.txt");
    CHECK(complaint(*opened).empty());
    save(*opened, {replacing("a", 2, {{"head", "2"}})});
    CHECK(complaint(*opened).empty());
}
