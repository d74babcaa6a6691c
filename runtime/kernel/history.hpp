#pragma once

#include "runtime/kernel/turn.hpp"

#include <stube/runtime/kernel.hpp>

#include <cstdint>
#include <optional>

/// The part of the kernel that records the steps of a conversation and goes back and forward.
namespace stube::kernel {

/// Records the conversation before a turn as a step that Back can return to. If a step cannot be
/// stored, because the conversation contains a flow, Back is refused from then on.
void record_step(const conversation& before, turn& done);

/// Forgets all steps of the history.
void clear_history(conversation& in);

/// Goes to the step `to`, or one step back.
outcome step_back(
    const conversation& current,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& env
);

}  // namespace stube::kernel
