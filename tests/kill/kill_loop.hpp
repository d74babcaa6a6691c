// Kills the gallery under load repeatedly, and compares the stored state with the acknowledged
// events.
#pragma once

#include "gallery.hpp"
#include "visitor.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kill_test {

enum class store_kind { memory, file, sqlite, archive };

/// Faults for the tests of the loop itself, which must detect them.
enum class fault {
    none,
    goes_back,      ///< between two lives the store is replaced by its copy from the life before
    counts_twice,   ///< an event that is sent twice counts twice
    tears_archive,  ///< the newest body of the archive is changed after each life
    loses_index,    ///< the oldest conversation is deleted from the index after each life
};

struct kill_options {
    std::string program;
    std::filesystem::path folder;  ///< the parent of the temporary folder for the store
    store_kind store = store_kind::sqlite;
    int rounds = 0;
    int stop_every = 20;  ///< every n-th round ends with SIGTERM instead of SIGKILL
    std::uint64_t seed = 0;
    fault what = fault::none;
    std::chrono::microseconds longest_life{60'000};  ///< of the gallery under load
    int visitors = 32;  ///< about three in four count, most others book, a few pass
};

struct kill_report {
    tally counts;
    std::uint64_t kills = 0;
    std::uint64_t stops = 0;  ///< by SIGTERM
    std::chrono::milliseconds longest_stop{0};
    std::uint64_t stored = 0;   ///< conversations in the store at the end
    std::uint64_t commits = 0;  ///< commits of the archive that were checked after kills
    std::vector<std::string> problems;
};

/// Stops after the first round with a problem.
kill_report kill_again_and_again(const kill_options& options);

}  // namespace kill_test
