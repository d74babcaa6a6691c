#include "kill_loop.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string_view>

// For runs by hand: STUBE_KILL_ROUNDS, STUBE_KILL_STOP_EVERY (every n-th round ends with SIGTERM),
// STUBE_KILL_SEED, STUBE_KILL_LIFE (the longest life in milliseconds, above 10),
// STUBE_KILL_VISITORS, STUBE_GALLERY (the path of the program).

using namespace kill_test;

namespace {

std::string from_environment(const char* name, std::string otherwise) {
    const char* value = std::getenv(name);
    return value ? value : otherwise;
}

/// The state after `kill -9` does not depend on the disk, so the long run of the file store uses a
/// folder in memory.
kill_options
options_for(store_kind store, int rounds, fault what = fault::none, bool in_memory = false) {
    std::random_device random;
    const auto seed = from_environment("STUBE_KILL_SEED", std::to_string(random()));
    constexpr auto memory = "/dev/shm";
    in_memory = in_memory && std::filesystem::is_directory(memory);
    // A file store on a disk needs several syncs for each event, so a life is longer.
    const auto* life = store == store_kind::file && !in_memory ? "210" : "60";
    return {
        from_environment("STUBE_GALLERY", STUBE_GALLERY_PROGRAM),
        in_memory ? memory : STUBE_SCRATCH_FOLDER,
        store,
        rounds,
        std::stoi(from_environment("STUBE_KILL_STOP_EVERY", "20")),
        std::stoull(seed),
        what,
        std::chrono::milliseconds(std::stoi(from_environment("STUBE_KILL_LIFE", life))),
        std::stoi(from_environment("STUBE_KILL_VISITORS", "32"))
    };
}

bool has_problem(const kill_report& report, std::string_view beginning) {
    return std::ranges::any_of(report.problems, [&](const std::string& each) {
        return each.starts_with(beginning);
    });
}

std::string text_of(const kill_report& report) {
    const auto& counts = report.counts;
    std::ostringstream out;
    out << report.kills << " kills, " << report.stops << " stops (the longest took "
        << report.longest_stop.count() << " ms), " << counts.acknowledged
        << " events acknowledged, " << counts.resent << " sent again after a restart ("
        << counts.found_applied << " of them were applied already), " << counts.repeated
        << " repeated, " << counts.stale << " to a step that was left, " << counts.booked
        << " receipts, " << counts.minted << " conversations begun, " << report.stored << " stored";
    if (report.commits != 0) out << ", " << report.commits << " commits checked";
    return out.str();
}

void nothing_is_lost(store_kind store, int rounds, bool in_memory = false) {
    rounds = std::stoi(from_environment("STUBE_KILL_ROUNDS", std::to_string(rounds)));
    const auto options = options_for(store, rounds, fault::none, in_memory);
    CAPTURE(options.seed);

    const auto report = kill_again_and_again(options);

    MESSAGE("seed ", options.seed, ", ", rounds, " rounds, ", text_of(report));
    for (const auto& each : report.problems)
        FAIL_CHECK(each);
    CHECK(report.kills + report.stops > static_cast<std::uint64_t>(rounds));
    CHECK(report.counts.acknowledged > 0);
    CHECK(report.counts.resent > 0);
    if (rounds < 40) return;  // on a slow machine a short run may count none of these
    if (report.kills > report.stops) CHECK(report.counts.found_applied > 0);
    CHECK(report.counts.repeated > 0);
    CHECK(report.counts.stale > 0);
    CHECK(report.counts.booked > 0);
}

}  // namespace

TEST_CASE("50 kills under load lose nothing of an SQLite store") {
    nothing_is_lost(store_kind::sqlite, 50);
}

TEST_CASE("50 kills under load lose nothing of an archive and its index") {
    nothing_is_lost(store_kind::archive, 50);
}

TEST_CASE("50 kills under load lose nothing of a file store") {
    nothing_is_lost(store_kind::file, 50);
}

TEST_CASE("1000 kills under load lose nothing of an SQLite store") {
    nothing_is_lost(store_kind::sqlite, 1000);
}

TEST_CASE("1000 kills under load lose nothing of an archive and its index") {
    nothing_is_lost(store_kind::archive, 1000);
}

TEST_CASE("1000 kills under load lose nothing of a file store") {
    nothing_is_lost(store_kind::file, 1000, true);
}

TEST_CASE("the kill loop detects a store that loses everything") {
    const auto report = kill_again_and_again(options_for(store_kind::memory, 5));

    CHECK(has_problem(report, "lost, instead"));
}

TEST_CASE("the kill loop detects a store that goes back to an older state") {
    const auto report = kill_again_and_again(options_for(store_kind::sqlite, 5, fault::goes_back));

    CHECK(has_problem(report, "lost"));
}

TEST_CASE("the kill loop detects an event that counts twice") {
    const auto report =
        kill_again_and_again(options_for(store_kind::sqlite, 10, fault::counts_twice));

    CHECK(has_problem(report, "shows"));
}

TEST_CASE("the kill loop detects a part of an archive that is torn") {
    const auto report =
        kill_again_and_again(options_for(store_kind::archive, 5, fault::tears_archive));

    CHECK(has_problem(report, "a torn commit"));
}

TEST_CASE("the kill loop detects an index that differs from a rebuild") {
    const auto report =
        kill_again_and_again(options_for(store_kind::archive, 5, fault::loses_index));

    CHECK(has_problem(report, "the index differs from a rebuild"));
}
