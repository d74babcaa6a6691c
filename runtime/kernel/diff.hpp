#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <vector>

namespace stube::kernel {

/// The smallest patches that turn a page that shows `before` into one that shows `after`. Marks in
/// `after` what they send.
///
/// The new renderings are compared with those that were sent last. The old state is not rendered
/// again: the result may be a different one by now, and rendering may have become impossible.
///
/// `acted` is the instance that received the event, 0 without one.
std::vector<patch>
diff(const conversation& before, conversation& after, instance_id acted, const environment& world);

}  // namespace stube::kernel
