#pragma once

#include "runtime/test_page.hpp"

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <string>
#include <vector>

/// Events that a browser without scripts cannot send. A page works before its scripts have run, and
/// without any, if each of its tasks can be completed by submitting forms.
namespace stube {

namespace test_page {

/// One text for each member that the page reaches through such events alone, with its component and
/// the events, such as "demo/search: update (input)".
std::vector<std::string> script_only_events(const node& page, const conversation& of);

}  // namespace test_page

/// The same for the page of a conversation. Throws what render() throws.
std::vector<std::string> script_only_events(const conversation& of, const surroundings& world);

}  // namespace stube
