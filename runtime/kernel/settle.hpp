#pragma once

#include "runtime/component/exception_message.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/kernel.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

/// The end of a turn: its outcome, with the patches that show it.
namespace stube::kernel {

/// Who may make a step of a turn: users' events, and not what the clock or others send.
enum class made_by { user, other };

/// What came of a turn, with the patches that show it.
outcome
settle(const conversation& before, turn& done, event_id id, made_by who, const environment& world);

/// Runs a turn. Whatever a component throws undoes all of it.
template <class Function>
outcome guarded(Function run) {
    try {
        return run();
    } catch (...) {
        return {.what = verdict::failed, .error = current_exception_message()};
    }
}

/// Nothing has changed; the whole view as it is, for the page that asked.
outcome unchanged(const conversation& now, verdict why, const environment& world);

patch page_command(const boost::json::object& json);
patch step_command(const conversation& of, bool push);

/// The address that the root's state has come to stand for; nothing if it is as it was, or a
/// handler has set it itself.
std::optional<page_url> changed_url(turn& done);

void append(std::vector<patch>& to, std::vector<patch> more);

/// What a member has put into elements by itself (`patch_element`) no rendering tells.
void forget_patched(conversation& in, std::span<const patch> extras);

}  // namespace stube::kernel
