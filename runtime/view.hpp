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

/// The whole page, and the rendering of each instance on it.
struct sent_page {
    patch view;
    sent_renderings rendered;
};

sent_page render_page(const conversation& of, const surroundings& world);

/// The smallest patches that turn a page that shows `before` into one that shows `after`. Marks in
/// `after` what they send.
///
/// The new renderings are compared with those that were sent last. The old state is not rendered
/// again: the result may be a different one by now, and rendering may have become impossible.
///
/// `acted` is the instance that received the event, 0 without one.
std::vector<patch> differences(
    const conversation& before,
    conversation& after,
    instance_id acted,
    const surroundings& world
);

}  // namespace stube::kernel
