#pragma once

#include "everyone.hpp"

#include <stube/stube.hpp>

#include <string>
#include <vector>

/// A room for all visitors.
namespace gallery {

/// One visitor's copy of the room, refreshed when somebody has written a message.
struct talk {
    static constexpr std::string_view component = "gallery/talk";
    static constexpr std::string_view styles = R"(
        /* Reversed, so that it stays scrolled to its end. */
        & .room { display: flex; flex-direction: column-reverse; max-height: 24rem; overflow: auto;
            margin-bottom: 1.25rem; padding: 1rem; border: 1px solid var(--line);
            border-radius: var(--round); }
        & .room > * { display: grid; gap: .5rem; margin: 0; padding: 0; list-style: none; }
        & .room li { width: fit-content; max-width: 85%; padding: .5rem .875rem;
            border-radius: .875rem;
            background: var(--page); overflow-wrap: anywhere; }
        & .room .own { margin-inline-start: auto; background: var(--accent-soft); }
    )";

    std::string who;
    std::vector<message> messages;
    int said = 0;
    stube::field<std::string> text;

    stube::effects start(stube::context& around);

    stube::effects wakeup(stube::context& around);

    /// `turn` is the value of `said` when the form was rendered.
    stube::effects say(stube::context& around, int turn);

    void heard(stube::context& around);

    stube::answers<> leave() { return stube::answer(); }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(talk, (), (who, messages, said, text, start, wakeup, say, heard, leave))

/// Asks for a name and joins the room.
struct chat {
    static constexpr std::string_view component = "gallery/chat";

    stube::field<std::string> name;

    stube::effects enter();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(chat, (), (name, enter))

}  // namespace gallery
