#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <functional>
#include <string_view>
#include <vector>

/// The part of the kernel that shows a conversation: what its instances render, and the patches
/// from one conversation value to the next.
namespace stube::kernel {

/// The nearest instance above `from` (its owner or caller, theirs, and so on) that has a wanted
/// member; 0 if there is none.
instance_id find_above(
    const conversation& in,
    instance_id from,
    const std::function<bool(const handler&)>& wanted
);

/// Markup of an instance, one element, with the own id `name`.
markup compose_element(
    const conversation& in,
    const markup& content,
    instance_id owner,
    std::string_view name
);

/// The whole page.
markup render_page(const conversation& of, const surroundings& world);

/// The smallest changes of the page that show `after` to somebody who sees `before`.
std::vector<patch>
differences(const conversation& before, const conversation& after, const surroundings& world);

}  // namespace stube::kernel
