#pragma once

#include <stube/stube.hpp>

#include <string>
#include <vector>

/// A component that decorates another one. Components are structs, so plain C++ is enough:
///
/// - Inheritance, as here: the decoration has the state and events of its base, adds events, and
///   renders around the base's markup. It needs a stored name of its own, and its description lists
///   the base.
/// - Composition: another component with a `slot<catalogue>`, whose markup surrounds the slot. Both
///   are instances with their own states. This suits a frame that does not depend on its content,
///   such as a card with a close button.
/// - A function that takes markup and returns more of it, if nothing but markup is added.
namespace gallery {

/// Departments within departments. It only leads down, and does not show the path.
struct catalogue {
    static constexpr std::string_view component = "gallery/catalogue";

    std::vector<std::string> path;  ///< departments from the top down; empty at the top

    void enter(const std::string& department);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(catalogue, (), (path, enter))

/// A catalogue that shows its path, with a button for each department on it.
struct breadcrumb : catalogue {
    static constexpr std::string_view component = "gallery/breadcrumb";
    static constexpr std::string_view styles = R"(
        & > nav > ol { display: flex; flex-wrap: wrap; padding: 0; list-style: none; }
        & > nav li + li::before { content: "›" / ""; padding-inline: .5rem; color: var(--soft); }
        & > nav button { min-height: 1.5rem; padding: 0 .25rem; border: 0; color: var(--accent);
            font-weight: 400; }
    )";

    /// Goes up to the department at this depth; 0 is the top.
    void leave_to(std::size_t depth);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(breadcrumb, (catalogue), (leave_to))

}  // namespace gallery
