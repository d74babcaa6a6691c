#pragma once

#include "runtime/testing/test_entries.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a `test_conversation` finds on its page by what it says, and what a user enters there. A
/// test that asks for what is not there gets std::logic_error with what is.
namespace stube::test_page {

using namespace kernel;

[[noreturn]] void misuse(const std::string& what);

/// "Next", with the quotes.
std::string quoted(std::string_view text);

bool is_wired(const node& of, std::string_view on);

/// The one enabled control with a click event, or submit button, that says this.
const node& find_clickable(const node& page, const node& where, std::string_view label);

/// The member that a control is bound to: "name" for "i7-name".
std::string_view field_of(const node& control);

/// Controls that a user can see.
nodes visible_controls(const node& where);

/// The one control, or all radio buttons or check boxes of one name. `what` names it for the error.
nodes only_control(nodes found, const node& page, const std::string& what);

nodes controls_labelled(const node& page, const node& where, std::string_view label);

/// Each enters something into one of `found`, and returns the control.
const node& enter(entries& entered, const nodes& found, std::string_view text);
const node& tick(entries& entered, const nodes& found, bool yes);

/// One of the choices of a list: its check box or its option.
const node& tick_choice(entries& entered, const nodes& found, std::string_view choice, bool yes);

}  // namespace stube::test_page
