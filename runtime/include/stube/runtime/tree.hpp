#pragma once

#include <stube/runtime/conversation.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace stube {

/// A component of a conversation, for a developer.
struct tree_line {
    std::size_t depth = 0;  ///< 0 for the root
    std::string place;      ///< "door", "rooms attic", "covered by"; empty for the root
    instance_id id = 0;     ///< of its element, "i7"
    const component_type* type = nullptr;
    std::string state;               ///< JSON, with secret values masked; empty for a flow
    std::string then;                ///< the member that receives its answer; or empty
    std::vector<std::string> waits;  ///< "timer close", "topic evening", "work 3"
};

/// The components of a conversation from the root down. Children, and the component that covers
/// another one, follow it and are one level deeper.
std::vector<tree_line> tree_lines(const conversation& of);

/// The conversation as readable text, for a developer: one line for each component with its state.
/// Its children, and the components that it called, are indented below. For a desk with a slot and
/// a list, `std::cout << tree(t.value())` in a test prints:
///
/// ```text
/// conversation 4fQ… revision 7 step 1
/// #1 demo/desk {"visitors":2,"tickets":[["7",3,8124…]]}
///   visitors: #2 demo/counter {"n":0}
///   tickets 7: #3 demo/ticket {"number":7}
/// ```
///
/// A secret value is printed as "(secret)".
std::string tree(const conversation& of);

}  // namespace stube
