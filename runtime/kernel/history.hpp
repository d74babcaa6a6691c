#pragma once

#include "runtime/kernel/turn.hpp"

#include <stube/runtime/kernel.hpp>

#include <cstdint>
#include <optional>

/// The part of the kernel that keeps the steps of a conversation and walks them.
namespace stube::kernel {

/// Keeps what was before the turn as a step to come back to.
void keep_step(const conversation& before, turn& done);

void forget_steps(conversation& in);

/// One step back, or to the step `to`.
outcome step_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& world
);

}  // namespace stube::kernel
