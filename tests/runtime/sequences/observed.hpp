#pragma once

#include "model.hpp"

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/conversation_history.hpp>

#include <string>

/// Texts that have the same form for the product and for the model, so that a difference can be
/// read.
namespace sequences {

/// As `text_of(const model_value&)`.
std::string text_of(const stube::conversation& value);

/// The whole history of a conversation: its heads, branches, aliases and forks.
std::string text_of(const stube::live::history_view& history);

/// The history that the model expects of its conversation `at`.
std::string history_text(const model& of, std::size_t at);

/// The line of the query index for a conversation, and the values of its desk.
std::string text_of(const stube::live::found_conversation& found);

/// The text that the model expects. Empty if the conversation is not in the index.
std::string index_text(const model_conversation& of);

}  // namespace sequences
