#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/store/store.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// Writes conversations in their stored form (stored_form.hpp).
namespace stube::kernel {

/// The change that a store must write to get from `before` to `after`. If `before` is null, the
/// change creates the whole conversation. If the store does not save parts, it replaces the whole
/// conversation. For a conversation that is not durable it writes a tombstone with owner and mount.
/// `archived`, unless null, gets the same parts for the archive, without their "as_of", which
/// becomes `about`. For a tombstone it does not change.
storage::change encode_change(
    const conversation* before,
    const conversation& after,
    bool in_parts,
    storage::archived_commit* archived = nullptr
);

/// The "as_of" of a conversation, which is the `about` of a commit.
std::string encode_as_of(const conversation& from);

/// The stored record of a conversation as it was at a head of the archive.
storage::record restored_record(std::string_view id, storage::archived_state from);

/// The size of the current instances in a store, in bytes. Instances that cannot be stored count as
/// 0. `before` is an earlier value of the same conversation, or null. With the `size` of `before`,
/// only the changed instances are counted. Throws what a component's codec throws.
std::size_t stored_size(const conversation* before, const conversation& after);

}  // namespace stube::kernel
