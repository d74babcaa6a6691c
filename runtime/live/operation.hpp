#pragma once

#include <stube/runtime/cause.hpp>
#include <stube/runtime/conversation_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace stube::live {

/// The source of an operation. Only operations of users count as use of the conversation. `upkeep`
/// is the map itself, which deletes conversations.
enum class origin { user, clock, message, work, upkeep };

/// Changes the conversation.
struct change_action {
    kernel::any_cause cause;
    /// Empty, or called when the turn of the operation comes. False: the change is not wanted any
    /// more, and the operation is `stale`.
    std::function<bool()> is_wanted = {};
    bool runs_wakeup = true;     ///< false: the `wakeup` hooks of a loaded conversation do not run
    bool keeps_notices = false;  ///< true: the next `view_action` shows the notices
};

/// Replies with the whole view, unless the page shows the present revision.
struct view_action {};

/// Adds a stream, which gets the whole view first unless its page shows the present revision.
struct attach_action {
    std::shared_ptr<view_stream> stream;
};

/// One thing to do with one conversation. `done` is called exactly once, on the thread of `on` or
/// on the submitting thread.
struct operation {
    std::variant<change_action, view_action, attach_action> action;
    executor* on = nullptr;
    on_reply done;
    origin from = origin::user;
    std::optional<std::uint64_t> seen = {};  ///< the revision that the page shows
    /// The user of another browser session than the conversation's, whose access is not decided
    /// yet.
    std::optional<principal> guest = {};
    bool is_ahead = false;  ///< `seen` is later than the stored revision

    bool is_change() const { return std::holds_alternative<change_action>(action); }

    /// The page that waits for the reply, as in `view_stream::page`; 0 if there is none.
    std::uint64_t sender() const;
};

inline std::uint64_t operation::sender() const {
    const auto* change = std::get_if<change_action>(&action);
    if (!change) return 0;
    if (const auto* back = std::get_if<kernel::cause::navigation>(&change->cause))
        return kernel::page_of(back->id);
    const auto* event = std::get_if<kernel::cause::user_event>(&change->cause);
    const bool is_by_scripts = event && !event->received.page;
    return is_by_scripts ? kernel::page_of(event->received.id) : 0;
}

}  // namespace stube::live
