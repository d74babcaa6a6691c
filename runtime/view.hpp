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

/// The whole page, and what it shows of each instance.
struct sent_page {
    patch view;
    sent_renderings rendered;
};

sent_page render_page(const conversation& of, const surroundings& world);

/// The smallest changes of the page that show `after` to somebody who sees `before`, and `after`
/// then knows as sent. They are compared with what was sent last, not with `before` rendered now,
/// which may be another thing by now or not be possible any more.
///
/// `acted` is the instance whose event it was, 0 without one: its user may have changed what
/// stands in its controls.
std::vector<patch> differences(
    const conversation& before,
    conversation& after,
    instance_id acted,
    const surroundings& world
);

}  // namespace stube::kernel
