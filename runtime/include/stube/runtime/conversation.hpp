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

/// A conversation as plain data: its components with their states, and the history steps that Back
/// and Forward can reach.
namespace stube::kernel {

/// Identifies one event of one page in a browser, so that an event that is sent repeatedly is
/// applied once. The upper 40 bits are a random number of the page. The lower 24 bits count the
/// page's events upwards. Never 0. A page waits for the response to an event before it sends the
/// next one, so the highest id that was applied implies all earlier ones of that page.
using event_id = std::uint64_t;

/// The part of an event id that all events of one page share.
constexpr std::uint64_t page_of(event_id id) {
    return id >> 24;
}

/// The number of pages whose last event a conversation records. A repeated event is recognised as
/// long as fewer than this many other pages of the same conversation have sent an event since.
inline constexpr std::size_t remembered_pages = 16;

/// Each revision has two version numbers for its instances: one for the values that the user typed,
/// and one for the states that the handlers made of them.
constexpr std::uint64_t typed_version(std::uint64_t revision) {
    return 2 * revision;
}

constexpr std::uint64_t made_version(std::uint64_t revision) {
    return 2 * revision + 1;
}

/// The revision whose state, possibly with typed values, has the instances up to `version`.
constexpr std::uint64_t revision_at(std::uint64_t version) {
    return version == 0 ? 0 : (version - 1) / 2;
}

/// The maximum number of nested calls in one place.
inline constexpr std::size_t max_stack = 64;

/// The maximum number of components in one conversation.
inline constexpr std::size_t max_instances = 10'000;

/// The maximum number of timers, subscriptions and pieces of background work that one component may
/// wait for at a time.
inline constexpr std::size_t max_waits = 100;

/// The maximum number of steps that Back can return to.
inline constexpr std::size_t max_history = 32;

/// A step that Back or Forward can return to. It shares unchanged instances with other steps.
struct history_step {
    std::uint64_t step = 0;
    std::uint64_t clock = 0;  ///< each instance has the highest version that is not above this one
    instance_id root = 0;
    instance_table instances;
    std::vector<const component_type*> types;  ///< of its instances, without repetition, by name
    std::string url;  ///< the address of the page at this step; may be empty
};

using history_step_ptr = std::shared_ptr<const history_step>;

}  // namespace stube::kernel

namespace stube {

/// The conversation as a value. Copies are cheap: they share the instances and the steps.
struct conversation {
    std::string id;              ///< 128 random bits as text that is safe in addresses
    std::string owner;           ///< the browser session that began it
    stube::principal principal;  ///< the user who began it
    std::string mount;           ///< the path it began at
    std::string url;             ///< the address of its page as its components set it; may be empty
    std::uint64_t revision = 0;  ///< +1 with every change
    instance_id last_instance = 0;  ///< high-water mark: an id is never used twice
    instance_id root = 0;           ///< the first instance of the page; 0 after the end
    kernel::instance_table instances;
    std::uint64_t step = 0;                        ///< the current step
    std::uint64_t last_step = 0;                   ///< high-water mark
    std::vector<kernel::history_step_ptr> past;    ///< the newest last
    std::vector<kernel::history_step_ptr> future;  ///< steps that Back has left, the nearest first
    /// True while a flow has advanced past the last history entry. A coroutine cannot be rewound,
    /// so Back is refused.
    bool has_advanced_past_history = false;
    /// True for a conversation that was decoded from a head in the form of another release. The
    /// next change writes the head again.
    bool is_head_old = false;
    /// True until a browser follows up the request that began the conversation, such as by opening
    /// the page's stream or by an event. Until then its timers, subscriptions and background work
    /// have not started. `advance` sets it to false.
    bool unseen = false;
    bool kept = false;     ///< marked as worth keeping, see `stube::keep`
    std::size_t size = 0;  ///< a cache of `stored_size`; 0 if it was not computed. Not stored.
    std::vector<kernel::event_id> applied;  ///< the last event of each page, the newest last
    time_point created;
    time_point touched;
    // Indexes of `instances`, which `put` and `erase` maintain: the ids of the instances that have
    // `waits`, and of those whose state cannot be stored, both ascending.
    std::vector<instance_id> waiting;
    std::vector<instance_id> not_storable;
    // The number of instances of each type, by the name of the type. An index too.
    std::vector<std::pair<const component_type*, std::size_t>> shapes;

    /// The instance that the page shows.
    const kernel::instance& top() const { return shown_in_place(root); }

    /// The instances of the page, root first. Each was called while the one before was shown.
    std::vector<kernel::instance_ptr> stack() const;

    /// The lowest instance in the place of `member`, which covers no other; possibly `member`
    /// itself.
    const kernel::instance& first_in_place(const kernel::instance& member) const;

    /// The uncovered instance of the place in which `first` is the first.
    const kernel::instance& shown_in_place(instance_id first) const;

    /// True if the instance exists, and neither it nor any of its owners is covered.
    bool is_shown(instance_id id) const;

    /// The nearest instance above `from` that has a wanted member, or 0. The instances above are
    /// the caller or owner of `from`, then the caller or owner of that one, up to the root.
    instance_id
    find_above(instance_id from, const std::function<bool(const member_handler&)>& wanted) const;

    /// Inserts an instance, or replaces it by a new version.
    void put(kernel::instance_ptr version);
    void erase(instance_id id);

    /// Records that the pages of this conversation may show different renderings of these
    /// instances. The next change of such an instance sends its whole element.
    void forget_sent(std::span<const instance_id> these);

    /// Removes all instances and all steps.
    void end();

    /// True if this event has been applied.
    bool has_applied(kernel::event_id id) const;

    /// Records an event as applied. Ignores 0.
    void record_applied(kernel::event_id id);

    /// Begins the next revision. The conversation is not `unseen` any more.
    void advance();

    /// True if there is a step that Back may return to.
    bool can_go_back() const { return !past.empty() && !has_advanced_past_history; }

    /// False while it holds a component whose state cannot be stored (a live coroutine).
    bool durable() const;

    /// The type of a component whose state cannot be stored, or null.
    const component_type* not_durable() const;

    /// The types of its instances, without repetition, by name.
    std::vector<const component_type*> types() const;
};

}  // namespace stube

namespace stube::kernel {

/// The state of a conversation at a head of the archive.
struct fork_of {
    std::string id;
    std::uint64_t head = 0;  ///< 0: the newest one
};

/// The start of a conversation: its first component, the conversation to continue from, or the
/// archived state to continue from.
using beginning = std::variant<effect::call, conversation, fork_of>;

/// Calls `f` for each slot and list of an instance.
void each_list(const instance& of, const std::function<void(const embedded_children&)>& f);

/// True if a slot of the instance has no child yet, because an older release without that slot has
/// stored the instance. The child is made when the conversation is used again.
bool has_unmade_child(const instance& of);

}  // namespace stube::kernel
