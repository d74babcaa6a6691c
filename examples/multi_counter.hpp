#pragma once

#include "counter.hpp"

namespace gallery {

/// Three counters on one page; `counter` is used unchanged. Each has its own state and events, so a
/// click renders, sends and saves only one of them.
struct multi_counter {
    static constexpr std::string_view component = "gallery/multi_counter";
    static constexpr std::string_view styles = R"(
        & > .row { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr));
            gap: 1rem; }
        & .card { padding: 1.25rem; }
        & .card > h1 { font-size: 1.0625rem; color: var(--soft); }
        & .card > .actions { flex-wrap: nowrap; justify-content: space-between; gap: .25rem;
            margin-top: .5rem; }
        & .card button { padding-inline: 1rem; }
    )";

    stube::slot<counter> adults;
    stube::slot<counter> children = counter{2};
    stube::slot<counter> dogs;

    /// Assigns new slots: the present counters leave and new ones start.
    void reset() { *this = {}; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(multi_counter, (), (adults, children, dogs, reset))

}  // namespace gallery
