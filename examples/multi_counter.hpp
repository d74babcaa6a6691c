#pragma once

#include "counter.hpp"

namespace gallery {

/// Three counters on one page, used as they are. Each has a state and events of its own: a click
/// renders, sends and saves one of them alone.
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

    /// New slots: the counters that are there leave, and others begin.
    void reset() { *this = {}; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(multi_counter, (), (adults, children, dogs, reset))

}  // namespace gallery
