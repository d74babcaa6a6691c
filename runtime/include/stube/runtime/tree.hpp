#pragma once

#include <stube/runtime/conversation.hpp>

#include <string>

namespace stube {

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
