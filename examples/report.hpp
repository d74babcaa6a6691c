#pragma once

#include <stube/stube.hpp>

#include <string>
#include <vector>

namespace gallery {

/// Counts primes in the background, part by part, while the page goes on.
struct report {
    static constexpr std::string_view component = "gallery/report";
    static constexpr std::string_view styles =
        "& progress { width: 100%; height: 1rem; accent-color: var(--accent); }";
    static constexpr int all_parts = 5;

    int part_size = 2'000'000;
    std::vector<int> counts;  ///< primes in each part that is done
    bool is_running = false;
    std::string problem;
    stube::field<bool> jam;

    /// Begins, or goes on where it was interrupted.
    stube::effects go();

    stube::effects ready(int primes);

    void failed(const stube::failure& why);

    void clear();

    stube::effects next_part() const;

    bool is_done() const { return counts.size() == all_parts; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    report,
    (),
    (part_size, counts, is_running, problem, jam, go, ready, failed, clear)
)

}  // namespace gallery
