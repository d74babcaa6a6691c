#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/store/store.hpp>

#include <cstddef>

/// Writes conversations in their stored form (stored_form.hpp).
namespace stube::kernel {

/// The change that a store must write to get from `before` to `after`. If `before` is null, the
/// change creates the whole conversation. If the store does not save parts, it replaces the whole
/// conversation. For a conversation that is not durable it writes a tombstone with owner and mount.
storage::change encode_change(const conversation* before, const conversation& after, bool in_parts);

/// The size of the current instances in a store, in bytes. Instances that cannot be stored count as
/// 0. `before` is an earlier value of the same conversation, or null. With the `size` of `before`,
/// only the changed instances are counted. Throws what a component's codec throws.
std::size_t stored_size(const conversation* before, const conversation& after);

}  // namespace stube::kernel
