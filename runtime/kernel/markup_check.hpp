#pragma once

#include "runtime/component/html_tree.hpp"

#include <stube/runtime/conversation.hpp>

#include <optional>
#include <string>

/// HTML that a browser shows otherwise than it is written: its parser moves elements or drops them,
/// and then patches do not find what they are for. An inner form has no fields, a row outside of a
/// table vanishes, a list in a paragraph ends the paragraph. The rules are those of the HTML
/// standard, section 13.2.6 (tree construction), and those on interactive content.

namespace stube::html_tree {

/// An element, or text, and the one around it in which it cannot stand.
struct misplacement {
    const node* what = nullptr;
    const node* around = nullptr;
    std::string why;
};

/// The first one in the order of the page.
std::optional<misplacement> find_misplaced(const node& page);

/// The same for people, with the components that rendered the two; empty if all can stay where it
/// is.
std::string describe_misplaced(const node& page, const conversation& of);

}  // namespace stube::html_tree

namespace stube::kernel {

/// Describes the first misplaced element of a page; empty if there is none. `view` is its composed
/// view.
std::string check_page(const markup& view, const conversation& of);

}  // namespace stube::kernel
