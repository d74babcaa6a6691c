#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/markup.hpp>

#include <string>
#include <vector>

/// Events that a browser without scripts cannot send. A page works before its scripts have run, and
/// without any, if each of its tasks can be completed by submitting forms.
namespace stube::kernel {

/// One text for each member that the page reaches through such events alone, with its component and
/// the events, such as "demo/search: update (input)". `view` is the composed view of the page.
std::vector<std::string> script_only_events(const markup& view, const conversation& of);

}  // namespace stube::kernel
