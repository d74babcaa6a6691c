#pragma once

#include <stube/runtime/kernel.hpp>

#include <string_view>

/// The messages and pages that the framework itself shows.
namespace stube::kernel {

/// The final view of a conversation, with this text.
markup finished_view(const conversation& of, std::string_view text);

patch notice(std::string_view text);

/// The message that this step cannot be undone, with a link to start again.
patch cannot_go_back_notice(const conversation& of);

/// The message for a page that has shown a revision which the store has lost.
patch rollback_notice();

/// The message for a user whom the component does not wait for.
patch forbidden_notice();

/// The message for a component that threw. The log contains the reason under the same `error_id`.
patch failure_notice(std::string_view error_id);

}  // namespace stube::kernel
