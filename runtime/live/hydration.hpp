#pragma once

#include "runtime/live/entry.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/registry.hpp"

#include <exception>
#include <string>

/// Hydration: a loaded conversation stays as bytes until its first use, and is decoded then.
/// Threads: the holder of the conversation.
namespace stube::live {

/// Decodes the stored record of a session. Throws `decode_error` if this program cannot read it, or
/// does not have the key of a value in it.
void decode_stored(const held_entry& held, const secret_keys& keys);

/// The state of a conversation that could not be decoded.
condition condition_for(const std::exception& why);

/// The log line for such a conversation.
std::string describe_unreadable(const entry& e, const std::exception& why);

/// Decodes the conversation if that has not happened yet. If this program cannot read it, logs the
/// reason, sets the state of the entry, and returns false.
bool hydrate(const held_entry& held, map_context& context, registry& conversations);

}  // namespace stube::live
