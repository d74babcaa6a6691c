#pragma once

#include <stube/runtime/conversation.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The kernel: an event and a conversation in, the next conversation and patches out. Functions of
/// their arguments: no I/O, no clock, no threads.
namespace stube {

/// What the kernel needs to know of the world.
struct surroundings {
    time_point now;
    void* app = nullptr;
    const std::type_info* app_type = nullptr;
};

/// Something a browser sent.
struct event {
    event_id id = 0;
    instance_id instance = 0;
    std::string name;       ///< the member
    std::string arguments;  ///< JSON array, or empty for none
    std::vector<form_value> form;
};

/// One change of the page. Content is composed: each instance in it has its element id, and events
/// know their instance.
struct patch {
    enum class kind {
        instance,  ///< `content` takes the place of the element of instance `target`
        insert,    ///< `content` goes into the list `list` of instance `target`, before the element
                   ///< of instance `before`, or at its end (0)
        remove,    ///< the element of instance `target` leaves
        move,      ///< the element of instance `target` stands before that of `before`, or at the
                   ///< end of its list (0)
        element,   ///< `content` takes the place of the element with the id "i<target>-<list>"
        command,   ///< `json`, one object, tells the page something: its title, its address
        view,      ///< everything: another instance is on the page now
        final,     ///< everything, for the last time: the conversation has ended
        notice,    ///< a message above the view, until the next event
    };

    kind what = kind::instance;
    instance_id target = 0;
    std::string list = {};
    instance_id before = 0;
    markup content = {};
    std::string json = {};
};

enum class verdict {
    applied,        ///< `next` is to be kept
    ended,          ///< the conversation is over; the patch is its final view
    repeated,       ///< this event was applied before: nothing changes
    stale,          ///< its instance is not on the page any more: nothing changes
    unknown_event,  ///< no such event: nothing changes
    bad_arguments,  ///< the arguments do not fit the member: nothing changes
    failed,         ///< the component threw, or broke a rule: nothing changes
};

struct outcome {
    verdict what = verdict::applied;
    conversation next;           ///< meaningful when applied or ended
    std::vector<patch> patches;  ///< for `repeated` and `stale`: the whole view as it is
    std::string error;           ///< for people who run the server; never sent to a browser
};

/// Begins a conversation: `fresh` has its id, owner, principal, mount and times; the root is made
/// and started.
outcome begin(conversation fresh, const effect::call& root, const surroundings& world);

/// Applies one event.
outcome dispatch(const conversation& now, const event& what, const surroundings& world);

/// True if a restart has something to wake.
bool has_wakeup(const conversation& now);

/// Runs the `wakeup` hooks after a restart, root first.
outcome wake(const conversation& now, const surroundings& world);

/// Runs the `stop` hooks, top first, for a conversation that is given up. Never throws; what the
/// hooks throw is returned, one text each.
std::vector<std::string> stop_all(const conversation& now, const surroundings& world);

/// The page as it stands. May throw what the component's render() throws.
patch render_view(const conversation& now);

/// The last view of a conversation that is given up.
patch farewell(const conversation& of, std::string_view text);

/// The message shown for a component that threw; `error_id` stands in the log beside the reason.
patch failure_notice(std::string_view error_id);

}  // namespace stube
