#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/outbox.hpp>

#include <boost/describe/enum.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The kernel: an event and a conversation in, the next conversation and patches out. Its functions
/// depend on their arguments only. They do no I/O, read no clock and start no thread.
namespace stube::kernel {

/// The inputs of the kernel from outside the conversation.
struct environment {
    time_point now;
    /// The application's objects, see `context::app`; may be null. It must outlive the call.
    const app_objects* app = nullptr;
    /// How far the clock behind `now` was set, ahead or back, since the process began.
    std::chrono::milliseconds clock_shift = {};
    const secret_keys* secrets = nullptr;  ///< for the snapshots that a handler takes; may be null
    /// The random numbers of the turn, see `context::random`. Null: there are none.
    random_bits* random = nullptr;
    /// The user who causes the turn; null for the owner of the conversation. It must outlive the
    /// call. `apply` sets it from the cause.
    const principal* by = nullptr;
    /// For development: the element of each component names the component, also without styles, in
    /// `data-stube-component`.
    bool marks_components = false;
};

/// The page from which a browser without scripts submitted a form.
struct submitted_page {
    std::uint64_t step = 0;  ///< the step that the page shows
    std::uint64_t revision = 0;
};

/// An event that a browser sent.
struct event {
    event_id id = 0;
    instance_id instance = 0;
    std::string name;       ///< the member
    std::string arguments;  ///< JSON array, or empty for no arguments
    std::vector<form_value> form;
    /// Set for a submission without scripts. Such an event belongs to the step that the page shows;
    /// the conversation first returns to that step. `form` contains the fields of the whole page,
    /// and the fields of other components are kept as typed. If `name` is empty, all fields are
    /// kept as typed and no member runs.
    std::optional<submitted_page> page = {};
};

enum class patch_kind {
    instance,  ///< `content` replaces the element of instance `target`
    insert,    ///< `content` is inserted into the list `list` of instance `target`, before the
               ///< element of instance `before`, or at the end (0)
    remove,    ///< the element of instance `target` is removed
    move,      ///< the element of instance `target` is moved before that of `before`, or to the end
               ///< of its list (0)
    element,   ///< `content` replaces the element with the id "i<target>-<list>"
    command,   ///< `json`, one object, changes a property of the page, such as its title or address
    view,      ///< `content` replaces everything: another instance is on the page now
    final,     ///< `content` replaces everything: the conversation has ended
    notice,    ///< a message above the view, shown until the next event
};

BOOST_DESCRIBE_ENUM(
    patch_kind,
    instance,
    insert,
    remove,
    move,
    element,
    command,
    view,
    final,
    notice
)

/// One change of the page. Content is composed: each instance in it has its element id, and each
/// event binding names its instance.
struct patch {
    patch_kind kind = patch_kind::instance;
    instance_id target = 0;
    std::string list = {};
    instance_id before = 0;
    markup content = {};
    std::string json = {};
};

enum class verdict {
    applied,        ///< `next` is the new value of the conversation
    ended,          ///< the conversation has ended; the patch is its final view
    repeated,       ///< the event was applied before; nothing changes
    stale,          ///< the instance is not on the page any more; nothing changes
    unknown_event,  ///< the component has no such event; nothing changes
    bad_arguments,  ///< the arguments do not fit the member; nothing changes
    forbidden,      ///< the component does not wait for this user; nothing changes
    failed,         ///< the component threw or broke a rule; nothing changes
};

/// The result of one turn.
struct outcome {
    kernel::verdict verdict = kernel::verdict::applied;
    conversation next = {};  ///< meaningful if applied or ended
    /// For `repeated` and `stale`: the whole view.
    std::vector<patch> patches = {};
    /// For the log; never sent to a browser.
    std::string error = {};
    /// The member threw, and `next` contains only the fields that a page without scripts submitted.
    bool is_typed_only = false;
    /// Commands to carry out in order after `next` is saved.
    std::vector<any_command> outbox = {};
    /// For the whole view of an unchanged conversation: see `whole_page`.
    std::vector<instance_id> differing = {};
    /// Aliases that the conversation gets with the commit.
    std::vector<std::string> aliases = {};
    /// The earlier revision whose state `next` continues, after Back or Forward. 0: the present
    /// one.
    std::uint64_t continues = 0;
};

/// Begins a conversation. `fresh` has its id, owner, principal and mount. The root component is
/// made and started.
outcome begin(conversation fresh, const effect::call& root, const environment& env);

/// Applies one event. It is `forbidden` if its instance waits for another user than `env.by`.
outcome dispatch(const conversation& current, const event& received, const environment& env);

/// Applies events one after the other, starting with the conversation `from`. The same events make
/// the same patches if the page shows the renderings that were sent last. If these are not known,
/// the page must start with the whole view. Stops early if the conversation ends. With a
/// test_conversation `t` that began as `beginning`:
///
///     auto again = replay(beginning, t.events(), {t.now()});
std::vector<outcome>
replay(conversation from, std::span<const event> events, const environment& env);

/// Goes to another step of the history, as Back and Forward of the browser do. Without `to` it goes
/// one step back. The instances of the step are restored, the instances that are not part of it are
/// stopped, and the `wakeup` hooks run. Instance ids continue to rise. The later steps are kept
/// until an event makes new ones. If the step does not exist, the outcome is `stale` with the whole
/// view. It is `forbidden` if the page waits for another user than `env.by`.
outcome go_back(
    const conversation& current,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& env
);

/// True if `wake` has something to do after a restart: a `wakeup` hook, or a slot without a child
/// that the release which stored the conversation did not have.
bool has_wakeup(const conversation& current);

/// Runs the `wakeup` hooks after a restart, root first.
outcome wake(const conversation& current, const environment& env);

/// Continues a conversation from a snapshot (<stube/runtime/snapshot.hpp>). Runs the `wakeup`
/// hooks. The patches are the whole view.
outcome resume(conversation restored, const environment& env);

/// Ends an idle conversation. Its components will be stopped, the youngest first. `text` is the
/// last text that its pages show.
outcome expire(const conversation& current, std::string_view text);

/// Runs the `stop` hook of a component that has left `of`, on a copy of the component's state.
/// Throws what the hook throws.
void run_stop(const command::stop& stop, const conversation& of, const environment& env);

/// Gives the conversation an alias, and changes nothing else.
outcome name(const conversation& current, std::string alias);

/// Makes an unseen conversation seen (`conversation::unseen`), and changes nothing else.
outcome mark_seen(const conversation& current);

/// The current page. Throws what the `render()` of a component throws.
patch render_view(const conversation& current, const environment& env);

/// The whole page, for one open page that may have missed patches.
struct whole_page {
    std::vector<patch> patches;  ///< the view, its step and its address
    /// Instances whose rendering here differs from the one on the other pages, because `render()`
    /// ran at another time. Pass them to `conversation::forget_sent` before the patches are sent.
    std::vector<instance_id> differing;
};

/// Throws what the `render()` of a component throws.
whole_page whole_view(const conversation& current, const environment& env);

}  // namespace stube::kernel
