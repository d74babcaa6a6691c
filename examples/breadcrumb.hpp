#pragma once

#include <stube/stube.hpp>

#include <string>
#include <vector>

/// A component that another one decorates. A component is a struct, so decorating it takes nothing
/// that C++ does not have:
///
/// - By inheritance, as here: the decoration is a component of its own, which has the state and the
///   events of the one it decorates, renders around what that renders, and adds events. It needs a
///   name of its own, because its state is stored under it, and names its base when it is
///   described.
/// - By composition: a `slot<catalogue>` in another component, whose markup stands around the slot.
///   The two are then instances of their own with states of their own, which is right for a frame
///   that need not know what is in it, such as a card with a close button.
/// - Where it is only markup, by a function that takes markup and returns more of it.
namespace gallery {

/// Departments within departments. Leads downwards only, and says nothing of where it is.
struct catalogue {
    static constexpr std::string_view component = "gallery/catalogue";

    std::vector<std::string> path;  ///< from the top; empty there

    void enter(const std::string& department);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(catalogue, (), (path, enter))

/// The same with a breadcrumb: where it is, and a way back to each department on the way.
struct breadcrumb : catalogue {
    static constexpr std::string_view component = "gallery/breadcrumb";
    static constexpr std::string_view styles = R"(
        & > nav > ol { display: flex; flex-wrap: wrap; padding: 0; list-style: none; }
        & > nav li + li::before { content: "›" / ""; padding-inline: .5rem; color: var(--soft); }
        & > nav button { min-height: 1.5rem; padding: 0 .25rem; border: 0; color: var(--accent);
            font-weight: 400; }
    )";

    /// To the department that is so deep; 0 is the top.
    void leave_to(std::size_t depth);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(breadcrumb, (catalogue), (leave_to))

}  // namespace gallery
