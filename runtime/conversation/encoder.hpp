#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/store/store.hpp>

#include <cstddef>

/// Writes conversations in their stored form (stored_form.hpp).
namespace stube::kernel {

/// What a store writes to get from `before` to `after`. With `before` null nothing is stored yet
/// and it creates the whole; when the store does not save parts, it replaces the whole; for a
/// conversation that is not durable it writes a mark with who and where.
storage::change encode_change(const conversation* before, const conversation& after, bool in_parts);

/// How many bytes the instances at work take in a store; those that cannot be stored take none.
/// `before` is an earlier value of the same conversation, or null: what is counted in its `size` is
/// not counted again. Throws what a component's codec throws.
std::size_t stored_size(const conversation* before, const conversation& after);

}  // namespace stube::kernel
