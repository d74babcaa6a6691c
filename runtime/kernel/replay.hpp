#pragma once

#include "runtime/kernel/recording.hpp"

#include <stube/runtime/kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

/// Runs the recorded causes of a conversation again, with the recorded time, clock shift and random
/// seed, and compares the results with the recorded ones.
///
/// Heads are replayed in the order of time, not along their parents: a conversation contains the
/// steps of its history, so Back is a function of the state before it in time. The parent is part
/// of the comparison.
///
/// Secrets are not in a record. The replay uses the default value of their type, and compares
/// states without them.
namespace stube::kernel {

enum class match {
    same,          ///< the result is the recorded one
    differs,       ///< it is not; `difference` is the first difference
    not_compared,  ///< the comparison is not possible; `difference` is the reason
};

struct replayed_turn {
    /// The number of the head; for a failure, of the head after which it happened.
    std::uint64_t head = 0;
    std::int64_t time = 0;  ///< milliseconds since 1970
    bool is_failure = false;
    kernel::match match = kernel::match::same;
    std::string difference = {};
    /// The outcome of the turn. Of a head that is not the `same`, its recorded state: the patches
    /// are the whole view.
    outcome result = {};
};

/// The recorded conversation at a head, with default values in place of its secrets. Without
/// instances if the head ended it. Throws `decode_error`.
conversation conversation_at(const recording& of, std::size_t index);

/// The conversation with its page as if all pages showed it: `next` knows the sent renderings, and
/// the patches are the whole view. A render that throws leaves the page empty.
outcome shown(conversation state, const environment& env);

/// Applies the cause of a head to `before`: the conversation at the head before it; not used for
/// the first head. `env` has the application's object; the rest of it is not used. Throws
/// `decode_error` for a record that this program cannot read.
replayed_turn replay_head(
    const recording& of,
    std::size_t index,
    const conversation& before,
    const environment& env
);

/// The same for a failure. It changes nothing, so `before` remains the conversation.
replayed_turn replay_failure(
    const storage::archived_failure& failed,
    const conversation& before,
    const environment& env
);

/// The heads to replay.
struct replay_range {
    std::size_t first = 0;  ///< the index of the first head
    std::uint64_t until =
        std::numeric_limits<std::uint64_t>::max();  ///< the number of the last one
};

/// Replays heads, and the failures after each of them, in the order of time. `start` is the
/// conversation at the head before the first one, whose failures come first; it is not used for
/// index 0. Calls `each` after every turn. Throws `decode_error`, and what `each` throws.
void replay_all(
    const recording& of,
    replay_range range,
    conversation start,
    const environment& env,
    const std::function<void(const replayed_turn&)>& each
);

}  // namespace stube::kernel
