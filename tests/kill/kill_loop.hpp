// Kills the gallery under load again and again, and compares what is left with what was
// acknowledged.
#pragma once

#include "gallery.hpp"
#include "visitor.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kill_test {

enum class store_kind { memory, file, sqlite };

/// For the tests of the loop itself: it must notice these.
enum class fault {
    none,
    goes_back,     ///< between two lives the store is put back to what it was a life before
    counts_twice,  ///< an event that is sent a second time counts a second time
};

struct kill_options {
    std::string program;
    std::filesystem::path folder;  ///< where a folder for the store is made, and removed
    store_kind store = store_kind::sqlite;
    int rounds = 0;
    int stop_every = 20;  ///< so many rounds, SIGTERM takes the place of SIGKILL
    std::uint64_t seed = 0;
    fault what = fault::none;
    std::chrono::microseconds longest_life{60'000};  ///< of the gallery under load
    int visitors = 32;  ///< three of four count, most others book, some only pass
};

struct kill_report {
    tally counts;
    std::uint64_t kills = 0;
    std::uint64_t stops = 0;  ///< by SIGTERM
    std::chrono::milliseconds longest_stop{0};
    std::uint64_t stored = 0;  ///< conversations in the store at the end
    std::vector<std::string> problems;
};

/// Ends at the first round with a problem.
kill_report kill_again_and_again(const kill_options& options);

}  // namespace kill_test
