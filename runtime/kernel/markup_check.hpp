#pragma once

#include "runtime/component/html_tree.hpp"

#include <stube/runtime/conversation.hpp>

#include <optional>
#include <string>

/// Finds HTML that a browser shows differently from how it is written. The browser's parser moves
/// or drops some elements, and then patches do not find their elements: an inner form loses its
/// fields, a row outside a table disappears, a list in a paragraph ends the paragraph. The rules
/// are those of the HTML standard, section 13.2.6 (tree construction), and its rules on interactive
/// content.

namespace stube::html_tree {

/// A node, and the element around it that must not contain it.
struct misplacement {
    const node* inner = nullptr;
    const node* outer = nullptr;
    std::string why;
};

/// The first misplaced node in the order of the page.
std::optional<misplacement> find_misplaced(const node& page);

/// Describes the first misplaced node for developers, with the components that rendered the two
/// nodes. Empty if no node is misplaced.
std::string describe_misplaced(const node& page, const conversation& of);

}  // namespace stube::html_tree

namespace stube::kernel {

/// Describes the first misplaced node of a composed view. Empty if no node is misplaced.
std::string check_page(const markup& view, const conversation& of);

}  // namespace stube::kernel
