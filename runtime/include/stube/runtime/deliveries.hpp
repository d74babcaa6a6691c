#pragma once

#include <stube/runtime/kernel.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The part of the kernel that delivers to a conversation without a user: timers, messages, and
/// results of background work.
namespace stube::kernel {

/// When the earliest timer is due, by a clock that has been set by `clock_shift` since the process
/// began.
std::optional<time_point>
next_due(const conversation& of, std::chrono::milliseconds clock_shift = {});

/// Calls what is due, the earliest first. A member that throws changes nothing, but its timer is
/// spent.
outcome fire_timers(const conversation& now, const environment& world);

/// What its components are subscribed to.
std::vector<std::string> topics(const conversation& of);

/// Gives a message (a JSON array of arguments) to those who are subscribed to the topic.
outcome deliver(
    const conversation& now,
    std::string_view topic,
    std::string_view message,
    const environment& world
);

/// Work that has been asked for and has not come back: after a restart it never will.
std::vector<std::uint64_t> unfinished_work(const conversation& of);

/// Gives the result of work to the member that waits for it. `stale` if nobody does any more. If
/// the member throws, the one for failures is called instead.
outcome finish_work(
    const conversation& now,
    std::uint64_t number,
    const answer_value& result,
    const environment& world
);

/// The same for work that failed.
outcome fail_work(
    const conversation& now,
    std::uint64_t number,
    const failure& why,
    const environment& world
);

/// The same for work whose outcome the component cannot be given: only the page says so.
outcome give_up_work(const conversation& now, std::uint64_t number, const environment& world);

}  // namespace stube::kernel
