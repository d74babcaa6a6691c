#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// One step of a random sequence, as plain data.
namespace sequences {

enum class act {
    // Events. `target` is the instance, and the member has the same name.
    add,  ///< `value` is added to the desk or the tally; `text`, if any, is typed as the note
    add_line,
    drop_line,
    bump,
    ask,  ///< `text`, if any, is typed as the note
    reply,
    deeper,
    other,
    fail,
    name,  ///< `text` is the alias
    finish,
    // Other acts on a conversation.
    repeat,       ///< the last event that was applied is sent again
    back,         ///< one step
    go,           ///< to the step `target`
    write_alias,  ///< by the application; `text` is the alias
    // New conversations.
    begin,
    fork,  ///< from the head `target`; 0 is the newest one
    copy,  ///< from a snapshot
    // Acts on the whole store.
    pass,  ///< `value` hours pass
    trim,  ///< old heads are deleted, until no more are old
    restart,
};

struct step {
    act what = act::begin;
    std::size_t conversation = 0;  ///< in the order in which the sequence began them
    std::uint64_t target = 0;
    int value = 0;
    std::string text = {};
};

/// The name of the member of an event; for other acts a name for reports.
const char* name_of(act what);

bool is_event(act what);

/// A line for reports.
std::string text_of(const step& one);

}  // namespace sequences
