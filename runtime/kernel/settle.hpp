#pragma once

#include "runtime/component/exception_message.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/kernel.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

/// The end of a turn: the next conversation, and the patches that show it.
namespace stube::kernel {

/// The cause of a turn. Only turns that a user causes make steps and update `touched`.
enum class initiator { user, other };

/// Ends a turn and computes the patches that show its result.
outcome
settle(const conversation& before, turn& done, event_id id, initiator by, const environment& env);

/// Runs a turn. If a component throws, the outcome is `failed` and the turn has no effect.
template <class Function>
outcome guarded(Function run) {
    try {
        return run();
    } catch (...) {
        return {.verdict = verdict::failed, .error = current_exception_message()};
    }
}

/// An outcome that changes nothing, with the whole view for the page that sent the event.
outcome unchanged(const conversation& current, verdict why, const environment& env);

patch page_command(const boost::json::object& json);
patch step_command(const conversation& of, bool push);

/// The new address according to the `url()` of the root. Empty if the address is unchanged, or if a
/// handler has set the address itself.
std::optional<page_url> changed_url(turn& done);

void append(std::vector<patch>& to, std::vector<patch> more);

/// Marks the sent renderings of instances as unknown if a member has changed their elements itself
/// (`patch_element`), because that content is not part of a rendering.
void forget_patched(conversation& in, std::span<const patch> extras);

}  // namespace stube::kernel
