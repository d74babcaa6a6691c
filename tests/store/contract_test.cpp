#include "faults.hpp"
#include "support.hpp"

#include <stube/store/contract.hpp>
#include <stube/store/memory_store.hpp>

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

// The contract of every store, and the common behaviour of the two stores on a disk.
#define EVERY_PLACE file_place, sqlite_place

using namespace store_test;
using stube::store_refused;
namespace contract = stube::store_contract;

namespace {

void inject(contract::fault injected) {
    end_faults();
    switch (injected) {
    case contract::fault::none:
        break;
    case contract::fault::disk_full:
        fail_from(fault::write, 1, ENOSPC);
        break;
    case contract::fault::failed_sync:
        fail_from(fault::sync, 1, EIO);
        break;
    }
}

auto my_store = [](const fs::path& folder) { return stube::file_store(folder); };

struct memory_place {
    std::unique_ptr<stube::store> open() const { return stube::memory_store(); }
};

}  // namespace

// The example in <stube/store/contract.hpp>.
TEST_CASE("my store keeps the contract") {
    for (const auto& rule : stube::store_contract::rules()) {
        CAPTURE(rule.name);
        temporary_folder folder;
        stube::store_contract::tested_store mine;
        mine.open = [&] { return my_store(folder.path()); };
        CHECK_NOTHROW(rule.check(mine));
    }
}

TEST_CASE_TEMPLATE(
    "a store keeps the contract",
    Place,
    EVERY_PLACE,
    archive_place,
    archive_place_in_memory,
    file_place_in_memory,
    sqlite_place_in_memory,
    memory_place
) {
    for (const auto& rule : stube::store_contract::rules()) {
        CAPTURE(rule.name);
        Place place;
        CHECK_NOTHROW(rule.check({[&] { return place.open(); }, inject}));
    }
}

TEST_CASE_TEMPLATE(
    "an empty batch is allowed and a save before loading is a logic error",
    Place,
    EVERY_PLACE
) {
    Place place;
    auto kept = place.open();

    CHECK_THROWS_AS(save(*kept, {creating("a", 1, {{"head", "1"}})}), std::logic_error);
    load(*kept);
    CHECK_NOTHROW(save(*kept, {}));
}

TEST_CASE_TEMPLATE("a second owner is refused at once", Place, EVERY_PLACE) {
    Place place;
    auto kept = open_and_load(place);
    auto text_of_refusal = [&]() -> std::string {
        try {
            open_and_load(place);
            return "not refused";
        } catch (const store_refused& refused) {
            return refused.what();
        }
    };

    SUBCASE("in the same process") {
        CAPTURE(text_of_refusal());
        CHECK(text_of_refusal().find("another server is using it") != std::string::npos);
        CHECK(text_of_refusal().find(place.path().string()) != std::string::npos);
    }
    SUBCASE("in another process") {
        pid_t child = ::fork();
        if (child == 0) {
            std::string text = text_of_refusal();
            std::string owner = "(process " + std::to_string(::getppid()) + ")";
            ::_exit(text.find(owner) != std::string::npos ? 0 : 1);
        }
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    CHECK_NOTHROW(save(*kept, {creating("a", 1, {{"head", "1"}})}));
    kept.reset();
    CHECK(stored_in(place).size() == 1);
}

TEST_CASE_TEMPLATE("a store keeps its path when the working folder changes", Place, EVERY_PLACE) {
    Place place;
    fs::path before = fs::current_path();
    fs::current_path(place.folder.path());
    std::unique_ptr<stube::store> kept;
    if constexpr (std::is_same_v<Place, file_place>)
        kept = stube::file_store("kept/");
    else
        kept = stube::sqlite_store("kept.db");
    fs::current_path("/");
    load(*kept);
    save(*kept, {creating("a", 1, {{"head", "1"}})});
    fs::current_path(before);
    kept.reset();

    CHECK(stored_in(place).size() == 1);
}
