#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/context.hpp>
#include <stube/store/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A conversation as plain data: a stack of component instances, each called by the one below it.
namespace stube {

using instance_id = std::uint64_t;

/// Marks one event of one browser, so that it is applied once however often it is sent. Never 0.
using event_id = std::uint64_t;

/// One component at work. Immutable: a change makes a new version, and conversation values share
/// the rest.
struct instance {
    instance_id id = 0;
    const component_type* type = nullptr;
    std::shared_ptr<const void> state;
    instance_id caller = 0;            ///< 0 for the root
    const handler* then = nullptr;     ///< the caller's member that gets the answer
    const handler* or_else = nullptr;  ///< the caller's member that gets a failure
};

using instance_ptr = std::shared_ptr<const instance>;

/// How many applied event ids a conversation remembers. An event that is sent again is recognised
/// while fewer than this many others of the same conversation came between; one open page alone
/// sends no other event before it has the answer to the last.
inline constexpr std::size_t remembered_events = 16;

/// How deep calls may nest.
inline constexpr std::size_t max_stack = 64;

struct conversation {
    std::string id;     ///< 128 random bits, text-safe
    std::string owner;  ///< the browser session that began it
    std::string principal;
    std::string mount;                ///< the path it began at
    std::uint64_t revision = 0;       ///< +1 with every change
    instance_id last_instance = 0;    ///< high-water mark: ids are never used twice
    std::vector<instance_ptr> stack;  ///< root first; the last one is on the page
    std::vector<event_id> applied;    ///< the newest last
    time_point created;
    time_point touched;

    const instance& top() const { return *stack.back(); }

    bool knows(event_id id) const;

    /// False while it holds a component whose state cannot be stored (a live coroutine).
    bool durable() const;

    /// The component that keeps it from being stored, or null.
    const component_type* not_durable() const;
};

/// What a store writes to get from `before` to `after`. With `before` null, or when the store does
/// not save parts, that is the whole of it; for a conversation that is not durable it is a mark
/// with who and where.
change encode_change(const conversation* before, const conversation& after, bool in_parts);

/// A mark that was stored in place of a conversation that could not be kept.
struct lost_conversation {
    std::string owner;
    std::string mount;
    time_point touched;
};

/// Reads the head of a mark. Throws `decode_error`.
lost_conversation decode_mark(const record& from);

/// Reads a stored conversation back. Throws `decode_error` if this program cannot: damaged, written
/// by a newer release, or with a component that is not known here.
conversation decode_conversation(const record& from);

}  // namespace stube
