#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <vector>

namespace stube::kernel {

/// The smallest patches that turn a page that shows `before` into one that shows `after`. Records
/// the sent renderings in `after`.
///
/// The new renderings are compared with the renderings that were sent last. The old state is not
/// rendered again, because `render()` may have another result by now, or may fail.
///
/// `acted` is the instance that received the event, or 0.
std::vector<patch>
diff(const conversation& before, conversation& after, instance_id acted, const environment& env);

}  // namespace stube::kernel
