#pragma once

#include "runtime/testing/test_entries.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Finds the controls of a `test_conversation`'s page by their labels, and enters values into them.
/// If a control does not exist, std::logic_error lists the controls that exist.
namespace stube::test_page {

using namespace kernel;

/// Throws std::logic_error for a mistake of the test.
[[noreturn]] void misuse(const std::string& mistake);

/// The text in double quotes.
std::string quoted(std::string_view text);

/// True if the node sends an event on the DOM event `on`.
bool is_wired(const node& of, std::string_view on);

/// The only enabled submit button, or element with a click event, that has this label.
const node& find_clickable(const node& page, const node& where, std::string_view label);

/// The member that a control is bound to: "name" for "i7-name".
std::string_view field_of(const node& control);

/// The controls that a user can see.
nodes visible_controls(const node& where);

/// Returns `found` if it is one control, or all radio buttons or check boxes of one name. Otherwise
/// throws std::logic_error. `description` completes the message.
nodes only_control(nodes found, const node& page, const std::string& description);

nodes controls_labelled(const node& page, const node& where, std::string_view label);

/// Enters text into one of `found`, or ticks it. Returns the control.
const node& enter(entries& entered, const nodes& found, std::string_view text);
const node& tick(entries& entered, const nodes& found, bool yes);

/// Ticks one of the choices of a list: its check box or its option.
const node& tick_choice(entries& entered, const nodes& found, std::string_view choice, bool yes);

}  // namespace stube::test_page
