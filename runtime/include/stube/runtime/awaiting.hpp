#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/principal.hpp>

#include <optional>
#include <string>
#include <vector>

/// For whom a conversation waits, as its components declare it with `waits_for`.
namespace stube::kernel {

/// The users for whom an instance waits: the `waits_for` of the instance itself or of the nearest
/// instance above it that has one. Empty if there is none; then everybody who may use the
/// conversation may use the instance.
std::optional<audience> audience_of(const conversation& in, instance_id id);

/// True if the instance waits for this user.
bool waits_for(const conversation& in, instance_id id, const principal& who);

/// True if the audience of a shown instance names this user, or if no shown instance has an
/// audience and the conversation is this user's. An audience of anyone names nobody.
bool waits_for(const conversation& in, const principal& who);

/// The texts of the audiences of all shown instances ("role:approver", "user:ada"), in alphabetical
/// order, without repetition. Without any audience: the user whose conversation it is.
std::vector<std::string> awaited_by(const conversation& in);

}  // namespace stube::kernel
