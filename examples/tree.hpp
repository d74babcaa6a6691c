#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// One branch of a tree. A component may hold a list of its own type: the children of a branch are
/// branches too. Children start when their branch is opened and leave when it is closed, so a tree
/// costs only as much as is open. A click renders only the branch that was clicked.
struct tree_node {
    static constexpr std::string_view component = "gallery/tree_node";

    std::string name;
    bool is_open = false;
    stube::keyed<tree_node> children;

    void toggle();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(tree_node, (), (name, is_open, children, toggle))

/// The page around the tree.
struct tree_view {
    static constexpr std::string_view component = "gallery/tree";
    static constexpr std::string_view styles = R"(
        & ul { margin: 0; padding-inline-start: 1.75rem; list-style: none; }
        & > ul { padding: 0; }
        & li > button { min-height: 2.25rem; padding: .25rem .5rem; border: 0; }
        & li > button::before {
            content: ""; width: .5rem; height: .625rem; margin-inline-end: .75rem;
            background: currentColor; clip-path: polygon(0 0, 100% 50%, 0 100%);
        }
        & li > button[aria-expanded=true]::before { rotate: 90deg; }
        & li > span { display: inline-block; padding: .375rem .5rem .375rem 1.75rem; }
    )";

    stube::keyed<tree_node> roots;

    void start();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(tree_view, (), (roots, start))

}  // namespace gallery
