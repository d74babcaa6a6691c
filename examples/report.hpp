#pragma once

#include <stube/stube.hpp>

#include <string>
#include <vector>

namespace gallery {

enum class distance { near, far };
BOOST_DESCRIBE_ENUM(distance, near, far)

/// Counts primes in the background, part by part, while the page stays usable.
struct report {
    static constexpr std::string_view component = "gallery/report";
    static constexpr std::string_view styles =
        "& progress { width: 100%; height: 1rem; accent-color: var(--accent); }";

    int part_size = 2'000'000;
    int all_parts = 5;
    std::vector<int> counts;  ///< primes in each part that is done
    bool is_running = false;
    std::string problem;
    stube::field<distance> how_far{distance::near};
    stube::field<bool> jam;

    /// Starts, or continues after an interruption.
    stube::effects go();

    stube::effects ready(int primes);

    void failed(const stube::failure& why);

    void clear();

    stube::effects next_part() const;

    bool is_done() const { return static_cast<int>(counts.size()) == all_parts; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    report,
    (),
    (part_size, all_parts, counts, is_running, problem, how_far, jam, go, ready, failed, clear)
)

}  // namespace gallery
