#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/markup.hpp>

#include <string>
#include <vector>

/// Finds events that a browser without scripts cannot send. A page is usable before its scripts
/// have run, and without scripts, if every member that it reaches can be reached by submitting a
/// form.
namespace stube::kernel {

/// One text for each member that the page reaches only through such events, with its component and
/// the events, such as "demo/search: update (input)". `view` is the composed view of the page.
std::vector<std::string> script_only_events(const markup& view, const conversation& of);

}  // namespace stube::kernel
