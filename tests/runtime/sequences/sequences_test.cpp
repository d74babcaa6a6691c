#include "run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

// Random sequences of events, Back, forks, aliases, deletion of old history and restarts, compared
// with a small model. For runs by hand: STUBE_SEED, STUBE_SEQUENCES.

using namespace sequences;

namespace {

constexpr std::size_t steps_per_sequence = 20;
constexpr std::uint64_t sequences_per_store = 20;

#ifdef NDEBUG
constexpr std::uint64_t short_run = 10'000;
#else
constexpr std::uint64_t short_run = 1'000;
#endif

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string with_steps(std::string why, const run& of) {
    for (const auto& each : of.steps())
        why += "\n  " + text_of(each);
    return why;
}

/// Runs `count` sequences on one store. Returns the difference from the model, with the steps that
/// led to it if they are known; empty if there is none.
std::string play(std::uint64_t seed, std::uint64_t count, std::size_t length, run& on) {
    bool has_played = false;
    try {
        for (std::uint64_t i = 0; i < count; ++i)
            on.play(seed + i, length);
        has_played = true;
        on.finish();
    } catch (const std::exception& error) {
        return has_played && count > 1 ? error.what() : with_steps(error.what(), on);
    }
    return {};
}

/// The shortest beginning of one sequence that differs on a store of its own; empty if none does.
std::string shortest_failure(std::uint64_t seed) {
    for (std::size_t length = 1; length <= steps_per_sequence; ++length) {
        coverage ignored;
        run on(ignored);
        const auto why = play(seed, 1, length, on);
        if (why.empty()) continue;
        return "STUBE_SEED=" + std::to_string(seed) + " STUBE_SEQUENCES=1: " + why;
    }
    return {};
}

std::string failure_of(std::uint64_t seed, std::uint64_t count, const std::string& why) {
    for (std::uint64_t i = 0; i < count; ++i)
        if (auto text = shortest_failure(seed + i); !text.empty()) return text;
    return "STUBE_SEED=" + std::to_string(seed) + " STUBE_SEQUENCES=" + std::to_string(count) +
           ", in several sequences on one store: " + why;
}

void report(const coverage& reached) {
    MESSAGE(
        reached.applied,
        " requests applied, ",
        reached.refused,
        " refused, ",
        reached.forks,
        " forks, ",
        reached.restarts,
        " restarts; ",
        reached.heads,
        " heads compared, ",
        reached.abandoned,
        " of them on abandoned branches; ",
        reached.deleted,
        " heads and ",
        reached.forgotten,
        " ended conversations deleted"
    );
}

/// Each kind of situation occurs, and most requests change something.
void check_is_wide(const coverage& reached) {
    CHECK(reached.applied > 2 * reached.refused);
    for (const auto count :
         {reached.forks, reached.restarts, reached.abandoned, reached.deleted, reached.forgotten})
        CHECK(count >= 20);
}

void follow_the_model(std::uint64_t wanted) {
    const auto seed = number_from("STUBE_SEED", std::random_device()());
    wanted = number_from("STUBE_SEQUENCES", wanted);
    MESSAGE("STUBE_SEED=" << seed);
    coverage reached;
    for (std::uint64_t done = 0; done < wanted; done += sequences_per_store) {
        const auto count = std::min(sequences_per_store, wanted - done);
        run on(reached);
        const auto why = play(seed + done, count, steps_per_sequence, on);
        if (!why.empty()) FAIL(failure_of(seed + done, count, why));
    }
    report(reached);
    if (wanted >= short_run) check_is_wide(reached);
}

}  // namespace

TEST_CASE("conversations and their archive and index follow a model through random sequences") {
    follow_the_model(short_run);
}

TEST_CASE("conversations and their archive and index follow a model through 50000 sequences") {
    follow_the_model(50'000);
}
