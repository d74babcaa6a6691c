#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/conversation_options.hpp>

#include <string_view>

namespace stube::live {

/// True if `conversation_options::access` allows the user to use a conversation that the user's
/// browser session does not own. False without a rule, and if the rule throws, which is logged.
bool is_allowed(
    const conversation_options& options,
    access_purpose purpose,
    const principal& who,
    const conversation& of
);

/// The same for a question.
bool is_allowed(const conversation_options& options, const access_request& wanted);

}  // namespace stube::live
