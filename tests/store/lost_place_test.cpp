#include "support.hpp"

#include <fstream>

// Files that another program deletes or replaces while a store has them open.

using namespace store_test;
using stube::store_unknown;
using stube::storage::place_watch;

namespace {

place_watch& watch_of(stube::store& opened) {
    return dynamic_cast<place_watch&>(opened);
}

/// The error of check_place(); empty if it accepts the place.
std::string complaint(stube::store& opened) {
    try {
        watch_of(opened).check_place();
    } catch (const store_unknown& lost) {
        return lost.what();
    }
    return {};
}

/// Replaces a file by a copy with the same bytes.
void replace_by_copy(const fs::path& file) {
    const fs::path copy = file.string() + ".copy";
    fs::copy_file(file, copy);
    fs::rename(copy, file);
}

void expect_lost(stube::store& opened, const fs::path& path) {
    const auto error = complaint(opened);
    CAPTURE(error);
    CHECK(error.find(path.string()) != std::string::npos);
    CHECK(error.find("deleted or replaced") != std::string::npos);
    CHECK_THROWS_AS(save(opened, {replacing("a", 9, {{"head", "9"}})}), store_unknown);
    CHECK_THROWS_AS(save(opened, {creating("z", 1, {{"head", "1"}})}), store_unknown);
}

/// Changes the folder until its modification time differs and the store finds the loss.
std::string complaint_in_time(stube::store& opened, const fs::path& folder) {
    for (int change = 0;; ++change) {
        std::ofstream(folder / "by another program") << change;
        fs::remove(folder / "by another program");
        if (auto error = complaint(opened); !error.empty()) return error;
    }
}

}  // namespace

TEST_CASE("a deleted or replaced database or log or lock stops the store") {
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

TEST_CASE("a save into a deleted database is not acknowledged") {
    const sqlite_place place;
    const auto opened = open_and_load(place);
    save(*opened, {creating("a", 1, {{"head", "1"}})});
    fs::remove(place.path());
    CHECK_THROWS_AS(save(*opened, {replacing("a", 2, {{"head", "2"}})}), store_unknown);
}

TEST_CASE("a deleted or replaced folder or lock stops the store") {
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
    SUBCASE("a folder that is replaced by a copy") {
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

TEST_CASE("a deleted or replaced file of a conversation stops the store") {
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
            const auto error = complaint_in_time(*opened, place.path());
            CHECK(error.find(file.string()) != std::string::npos);
        }
    }
}

TEST_CASE("foreign files in the folder of a store do not stop it") {
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
