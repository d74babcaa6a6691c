#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/context.hpp>
#include <stube/runtime/instances.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/store/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// A conversation as plain data: the components at work in it, each called by another or standing
/// in a slot of it, and the steps that led there.
namespace stube {

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

struct conversation {
    std::string id;     ///< 128 random bits, text-safe
    std::string owner;  ///< the browser session that began it
    std::string principal;
    std::string mount;              ///< the path it began at
    std::string url;                ///< the address that its root last stood for
    std::uint64_t revision = 0;     ///< +1 with every change
    instance_id last_instance = 0;  ///< high-water mark: ids are never used twice
    instance_id root = 0;           ///< the first instance of the page; 0 when it has ended
    instance_table instances;
    std::uint64_t step = 0;                ///< the step it is at
    std::uint64_t last_step = 0;           ///< high-water mark
    std::vector<history_step_ptr> past;    ///< the newest last
    std::vector<history_step_ptr> future;  ///< steps that Back has left, the nearest first
    /// True if there was a step that could not be kept, since a state that cannot be stored had
    /// gone on; until there is none such any more.
    bool passed_on = false;
    /// True after it was read, if its stored head says less than it would now: another release has
    /// written it. The next change writes it anew.
    bool is_head_old = false;
    /// It was begun by a request that nobody has followed up: its timers, subscriptions and work
    /// have not begun. The next revision of it, whatever makes it, is not unseen any more.
    bool unseen = false;
    bool kept = false;              ///< worth keeping, see `stube::keep`
    std::size_t size = 0;           ///< `stored_size`, if somebody has looked; else 0. Not stored.
    std::vector<event_id> applied;  ///< the last event of each page, the newest last
    time_point created;
    time_point touched;
    // Which instances have `waits`, and which have a state that cannot be stored; rising. Kept
    // beside them so that nobody need search.
    std::vector<instance_id> waiting;
    std::vector<instance_id> not_storable;
    // How many instances there are of each type, by its name; kept beside them likewise.
    std::vector<std::pair<const component_type*, std::size_t>> shapes;

    /// The instance that the page shows.
    const instance& top() const { return shown_in_place(root); }

    /// The instances of the page, root first: each was called while the one before was shown.
    std::vector<instance_ptr> stack() const;

    /// The one that all others in the place of `one` cover; itself if it covers none.
    const instance& first_in_place(const instance& one) const;

    /// The uncovered instance of the place in which `first` is the first.
    const instance& shown_in_place(instance_id first) const;

    /// False if it has gone, or it or one of those it stands in is covered.
    bool is_shown(instance_id id) const;

    /// Puts in a new instance, or a new version.
    void put(instance_ptr one);
    void erase(instance_id id);

    /// Marks the last rendering of these instances as unknown, because pages show different ones.
    /// The next change of such an instance sends it whole.
    void forget_sent(std::span<const instance_id> these);

    /// Leaves nothing at work and nothing to come back to.
    void end();

    /// True if this event has been applied.
    bool knows(event_id id) const;

    /// Notes that it has been; nothing for 0.
    void remember(event_id id);

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

/// What a conversation begins with: its first component, or another one to go on from.
using beginning = std::variant<effect::call, conversation>;

/// Calls `f` for each slot and list of an instance.
void each_list(const instance& of, const std::function<void(const children&)>& f);

/// True if it has a slot that it had not when it was stored: the child is made when it wakes.
bool has_unmade_child(const instance& of);

/// The conversation for people: one line for each component with its state, what stands in it or
/// was called by it indented below. `std::cout << tree(t.value())` in a test prints, for a desk
/// with a slot and a list:
///
/// ```text
/// conversation 4fQ… revision 7 step 1
/// #1 demo/desk {"visitors":2,"tickets":[["7",3,8124…]]}
///   visitors: #2 demo/counter {"n":0}
///   tickets 7: #3 demo/ticket {"number":7}
/// ```
std::string tree(const conversation& of);

/// What a store writes to get from `before` to `after`. With `before` null nothing is stored yet
/// and it creates the whole; when the store does not save parts, it replaces the whole; for a
/// conversation that is not durable it writes a mark with who and where.
change encode_change(const conversation* before, const conversation& after, bool in_parts);

/// How many bytes the instances at work take in a store; those that cannot be stored take none.
/// `before` is an earlier value of the same conversation, or null: what is counted in its `size` is
/// not counted again. Throws what a component's codec throws.
std::size_t stored_size(const conversation* before, const conversation& after);

/// What the head of a stored conversation says: enough to keep it until it is used.
struct stored_head {
    std::string owner;
    time_point touched;
    bool is_used = false;  ///< it had an event
    bool waits = false;    ///< for a timer, a message or work: somebody may call it at any time
    bool unseen = false;   ///< what it waits for has not begun, see `conversation::unseen`
    bool kept = false;     ///< worth keeping
    /// The components that it consists of, with the versions of their shapes.
    std::vector<std::pair<std::string, int>> shapes;
};

/// Throws `decode_error`.
stored_head read_head(const record& from);

/// The components and versions that its parts say they are of, each once. Throws `decode_error`.
std::set<std::pair<std::string, int>> stored_shapes(const record& of);

/// Throws what `decode_conversation` would if another release has written it: `unknown_component`
/// or `newer_shape`.
void check_shapes(const stored_head& of);

/// A mark that was stored in place of a conversation that could not be kept.
struct lost_conversation {
    std::string owner;
    std::string mount;
    time_point touched;
};

/// Reads the head of a mark. Throws `decode_error`.
lost_conversation decode_mark(const record& from);

/// A stored component that another release of the program knows and this one does not. Its
/// conversation is kept for the release that does.
class unknown_component : public decode_error {
public:
    explicit unknown_component(std::string component);

    const std::string& component() const { return component_; }

private:
    std::string component_;
};

/// A stored component whose state has a newer shape than this program knows.
class newer_shape : public decode_error {
public:
    newer_shape(std::string component, int stored, int known);

    const std::string& component() const { return component_; }
    int stored() const { return stored_; }  ///< its version in the store
    int known() const { return known_; }    ///< the one that this program has

private:
    std::string component_;
    int stored_;
    int known_;
};

/// The state of a component that is damaged, does not fit its members, or cannot be migrated.
class bad_state : public decode_error {
public:
    bad_state(std::string component, int stored, int known, const std::string& why);

    const std::string& component() const { return component_; }
    int stored() const { return stored_; }  ///< its version in the store

private:
    std::string component_;
    int stored_;
};

/// Reads a stored conversation back, what is of an older shape migrated. Throws `newer_shape` or
/// `unknown_component` if another release has written it, and another `decode_error` if this
/// program cannot read it for any other reason: it is damaged, or does not fit the components.
conversation decode_conversation(const record& from);

}  // namespace stube
