#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/context.hpp>
#include <stube/runtime/instances.hpp>
#include <stube/runtime/slot.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// A conversation as plain data: the components at work in it, each called by another or standing
/// in a slot of it, and the steps that led there.
namespace stube::kernel {

/// Marks one event of one page in a browser, so that it is applied once however often it is sent.
/// The upper 40 bits are the page's, drawn by lot; the lower 24 number its events, rising. A page
/// sends no other event before it has the answer to the last, so that its last one says of all
/// before it that they have been. Never 0.
using event_id = std::uint64_t;

/// The part of an event id that all events of one page share.
constexpr std::uint64_t page_of(event_id id) {
    return id >> 24;
}

/// Of how many pages a conversation remembers the last event. An event that is sent again is
/// recognised, however late, while fewer than this many other pages of the same conversation have
/// sent one since.
inline constexpr std::size_t remembered_pages = 16;

/// A revision has two numbers for versions of its instances: for what was typed into the form, and
/// for what the handlers made of it.
constexpr std::uint64_t typed_version(std::uint64_t revision) {
    return 2 * revision;
}

constexpr std::uint64_t made_version(std::uint64_t revision) {
    return 2 * revision + 1;
}

/// How deep calls may nest in one place.
inline constexpr std::size_t max_stack = 64;

/// How many components one conversation may have at work.
inline constexpr std::size_t max_instances = 10'000;

/// How many timers, subscriptions and pieces of work one component may wait for at a time.
inline constexpr std::size_t max_waits = 100;

/// How many steps Back can walk.
inline constexpr std::size_t max_history = 32;

/// A step that Back or Forward can return to. It shares with the others what did not change.
struct history_step {
    std::uint64_t step = 0;
    std::uint64_t clock = 0;  ///< its instances are those of the highest version up to here
    instance_id root = 0;
    instance_table instances;
    std::vector<const component_type*> types;  ///< of its instances, each once, by name
    std::string url;                           ///< the address that it stood for
};

using history_step_ptr = std::shared_ptr<const history_step>;

}  // namespace stube::kernel

namespace stube {

/// The conversation as a value.
struct conversation {
    std::string id;     ///< 128 random bits, text-safe
    std::string owner;  ///< the browser session that began it
    std::string principal;
    std::string mount;              ///< the path it began at
    std::string url;                ///< the address that its root last stood for
    std::uint64_t revision = 0;     ///< +1 with every change
    instance_id last_instance = 0;  ///< high-water mark: ids are never used twice
    instance_id root = 0;           ///< the first instance of the page; 0 when it has ended
    kernel::instance_table instances;
    std::uint64_t step = 0;                        ///< the step it is at
    std::uint64_t last_step = 0;                   ///< high-water mark
    std::vector<kernel::history_step_ptr> past;    ///< the newest last
    std::vector<kernel::history_step_ptr> future;  ///< steps that Back has left, the nearest first
    /// True if there was a step that could not be kept, since a state that cannot be stored had
    /// gone on; until there is none such any more.
    bool passed_on = false;
    /// True after it was read, if its stored head says less than it would now: another release has
    /// written it. The next change writes it anew.
    bool is_head_old = false;
    /// It was begun by a request that nobody has followed up: its timers, subscriptions and work
    /// have not begun. The next revision of it, whatever makes it, is not unseen any more.
    bool unseen = false;
    bool kept = false;     ///< worth keeping, see `stube::keep`
    std::size_t size = 0;  ///< `stored_size`, if somebody has looked; else 0. Not stored.
    std::vector<kernel::event_id> applied;  ///< the last event of each page, the newest last
    time_point created;
    time_point touched;
    // Which instances have `waits`, and which have a state that cannot be stored; rising. Kept
    // beside them so that nobody need search.
    std::vector<instance_id> waiting;
    std::vector<instance_id> not_storable;
    // How many instances there are of each type, by its name; kept beside them likewise.
    std::vector<std::pair<const component_type*, std::size_t>> shapes;

    /// The instance that the page shows.
    const kernel::instance& top() const { return shown_in_place(root); }

    /// The instances of the page, root first: each was called while the one before was shown.
    std::vector<kernel::instance_ptr> stack() const;

    /// The one that all others in the place of `one` cover; itself if it covers none.
    const kernel::instance& first_in_place(const kernel::instance& one) const;

    /// The uncovered instance of the place in which `first` is the first.
    const kernel::instance& shown_in_place(instance_id first) const;

    /// False if it has gone, or it or one of those it stands in is covered.
    bool is_shown(instance_id id) const;

    /// The nearest instance above `from` (its owner or caller, theirs, and so on) that has a wanted
    /// member; 0 if there is none.
    instance_id
    find_above(instance_id from, const std::function<bool(const handler&)>& wanted) const;

    /// Puts in a new instance, or a new version.
    void put(kernel::instance_ptr one);
    void erase(instance_id id);

    /// Marks the last rendering of these instances as unknown, because pages show different ones.
    /// The next change of such an instance sends it whole.
    void forget_sent(std::span<const instance_id> these);

    /// Leaves nothing at work and nothing to come back to.
    void end();

    /// True if this event has been applied.
    bool knows(kernel::event_id id) const;

    /// Notes that it has been; nothing for 0.
    void remember(kernel::event_id id);

    /// To the next revision.
    void advance();

    /// True if there is a step that Back may return to.
    bool can_go_back() const { return !past.empty() && !passed_on; }

    /// False while it holds a component whose state cannot be stored (a live coroutine).
    bool durable() const;

    /// The component that keeps it from being stored, or null.
    const component_type* not_durable() const;

    /// The types of its instances, each once, by name.
    std::vector<const component_type*> types() const;
};

}  // namespace stube

namespace stube::kernel {

/// What a conversation begins with: its first component, or another one to go on from.
using beginning = std::variant<effect::call, conversation>;

/// Calls `f` for each slot and list of an instance.
void each_list(const instance& of, const std::function<void(const children&)>& f);

/// True if it has a slot that it had not when it was stored: the child is made when it wakes.
bool has_unmade_child(const instance& of);

}  // namespace stube::kernel
