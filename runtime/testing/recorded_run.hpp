#pragma once

#include "runtime/kernel/replay.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>

namespace stube {

/// A recorded conversation that a test replays, and the place that the replay has reached.
class recorded_run {
public:
    /// Receives the outcomes that the page has to show, each with its time.
    using show = std::function<void(const kernel::outcome&, time_point)>;

    /// Reads an export, and begins at a head (0: the first one). Throws `decode_error` and
    /// std::invalid_argument, see `test_conversation::from_export`.
    recorded_run(std::istream& document, std::uint64_t head);

    /// Shows the result of the first head, which is replayed, or the state at a later one. Throws
    /// `replay_mismatch` and `decode_error`, as `replay` does.
    void begin(const kernel::environment& env, const show& to) const;

    /// Replays the heads after the present one, up to `until`, and the failures after each.
    /// `from` is the conversation at the present head.
    replay_report
    replay(conversation from, std::uint64_t until, const kernel::environment& env, const show& to);

private:
    kernel::recording recorded_;
    std::size_t at_ = 0;  ///< the index of the present head
};

}  // namespace stube
