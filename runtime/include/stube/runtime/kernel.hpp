#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/outbox.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The kernel: an event and a conversation in, the next conversation and patches out. Functions of
/// their arguments: no I/O, no clock, no threads.
namespace stube::kernel {

/// What the kernel needs to know of the world.
struct environment {
    time_point now;
    void* app = nullptr;
    const std::type_info* app_type = nullptr;
    /// How far the clock that tells `now` has been set, ahead or back, since the process began.
    std::chrono::milliseconds clock_shift = {};
};

/// The page that a form was submitted from by a browser without scripts.
struct submitted_page {
    std::uint64_t step = 0;  ///< the step that it shows
    std::uint64_t revision = 0;
};

/// Something a browser sent.
struct event {
    event_id id = 0;
    instance_id instance = 0;
    std::string name;       ///< the member
    std::string arguments;  ///< JSON array, or empty for none
    std::vector<form_value> form;
    /// Set for a submission without scripts. The event then belongs to the step that the page
    /// shows, which the conversation returns to first, and `form` has the fields of the whole page:
    /// those of other components are kept as typed. Without a `name` all are, and no member runs.
    std::optional<submitted_page> page = {};
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
    conversation next = {};  ///< meaningful when applied or ended
    /// For `repeated` and `stale`: the whole view as it is.
    std::vector<patch> patches = {};
    /// For people who run the server; never sent to a browser.
    std::string error = {};
    /// The member threw, and `next` has no more than what a page without scripts has submitted.
    bool is_typed_only = false;
    /// To be carried out in order once `next` is saved.
    std::vector<any_command> outbox = {};
    /// With the whole view of an unchanged conversation: see `whole_page`.
    std::vector<instance_id> differing = {};
};

/// Begins a conversation: `fresh` has its id, owner, principal, mount and times; the root is made
/// and started.
outcome begin(conversation fresh, const effect::call& root, const environment& world);

/// Applies one event.
outcome dispatch(const conversation& now, const event& what, const environment& world);

/// Applies events one after the other, from a conversation as it stood: the same events bring the
/// same patches, if the page has what was sent last or, where that is not known, begins with the
/// whole view. Ends early when the conversation does. With a test_conversation `t` that began as
/// `beginning`:
///
///     auto again = replay(beginning, t.events(), {t.now()});
std::vector<outcome>
replay(conversation from, std::span<const event> events, const environment& world);

/// Goes to another step of the history: Back and Forward of the browser. Without `to` it is one
/// step back. The instances of that step are put back as they were, those that leave are stopped,
/// and the `wakeup` hooks run; instance ids go on rising. The steps after it are kept until an
/// event makes others. If there is no such step the view is shown as it is.
outcome go_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& world
);

/// True if a restart has something to wake: a hook, or a slot that is younger than what was stored.
bool has_wakeup(const conversation& now);

/// Runs the `wakeup` hooks after a restart, root first.
outcome wake(const conversation& now, const environment& world);

/// Goes on with a conversation that was taken out elsewhere (<stube/runtime/snapshot.hpp>): the
/// `wakeup` hooks run, and the patches are the whole view.
outcome resume(conversation restored, const environment& world);

/// Ends a conversation that is given up: its components are to be stopped, the youngest first, and
/// `text` is the last that its pages show.
outcome give_up(const conversation& now, std::string_view text);

/// Runs the `stop` hook of a component that has left `of`, on a copy of its state. Throws what the
/// hook throws.
void run_stop(const command::stop& what, const conversation& of, const environment& world);

/// Notes that somebody has seen a conversation that nobody had (`conversation::unseen`); nothing of
/// it changes otherwise.
outcome see(const conversation& now);

/// The page as it stands. May throw what the component's render() throws.
patch render_view(const conversation& now, const environment& world);

/// The whole page, for one page that may have missed something.
struct whole_page {
    std::vector<patch> patches;  ///< the view, its step and its address
    /// Instances that this page shows differently from the other pages, because it was rendered at
    /// another time. Pass them to `conversation::forget_sent` before the patches are sent.
    std::vector<instance_id> differing;
};

/// May throw what the component's render() throws.
whole_page whole_view(const conversation& now, const environment& world);

}  // namespace stube::kernel
