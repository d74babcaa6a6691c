#pragma once

#include "runtime/caught.hpp"
#include "runtime/turn.hpp"
#include "runtime/view.hpp"

#include <stube/runtime/kernel.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

/// What the files of the kernel share. kernel.cpp has beginning, events and what ends a turn,
/// kernel_history.cpp walks the steps, kernel_background.cpp has what happens without a user.
namespace stube::kernel {

/// Who may make a step of a turn: users' events, and not what the clock or others send.
enum class made_by { user, other };

/// What came of a turn, with the patches that show it.
outcome
settle(const conversation& before, turn& done, event_id id, made_by who, const surroundings& world);

/// Runs a turn. Whatever a component throws undoes all of it.
template <class Function>
outcome guarded(Function run) {
    try {
        return run();
    } catch (...) {
        return {.what = verdict::failed, .error = caught()};
    }
}

/// Nothing has changed; the whole view as it is, for the page that asked.
outcome unchanged(const conversation& now, verdict why, const surroundings& world);

patch command(const boost::json::object& json);
patch step_command(const conversation& of, bool push);

/// The address that the root's state has come to stand for; nothing if it is as it was, or a
/// handler has set it itself.
std::optional<page_url> changed_url(turn& done);

void append(std::vector<patch>& to, std::vector<patch> more);

/// What a member has put into elements by itself (`patch_element`) no rendering tells.
void forget_patched(conversation& in, std::span<const patch> extras);

/// Keeps what was before the turn as a step to come back to.
void keep_step(const conversation& before, turn& done);

void forget_steps(conversation& in);

/// One step back, or to the step `to`.
outcome step_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const surroundings& world
);

}  // namespace stube::kernel
