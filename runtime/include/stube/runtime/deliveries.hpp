#pragma once

#include <stube/runtime/kernel.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The part of the kernel that changes a conversation without a user's event: timers, messages, and
/// results of background work.
namespace stube::kernel {

/// The time at which the earliest timer is due, by a clock that was set by `clock_shift` since the
/// process began. Empty if no timer is set.
std::optional<time_point>
next_due(const conversation& of, std::chrono::milliseconds clock_shift = {});

/// Calls the members of all due timers, the earliest first. If a member throws, its changes are
/// undone and its timer is removed all the same.
outcome fire_timers(const conversation& current, const environment& env);

/// The topics to which the components are subscribed, without repetition.
std::vector<std::string> topics(const conversation& of);

/// Delivers a message (a JSON array of arguments) to the subscribers of the topic. `stale` if there
/// are none.
outcome deliver(
    const conversation& current,
    std::string_view topic,
    std::string_view message,
    const environment& env
);

/// The numbers of all background work that has not finished. After a restart it never will.
std::vector<std::uint64_t> unfinished_work(const conversation& of);

/// Delivers the result of background work to the member that waits for it. `stale` if no component
/// waits for it. If the member throws, the member for failures is called instead.
outcome finish_work(
    const conversation& current,
    std::uint64_t number,
    const answer_value& result,
    const environment& env
);

/// Delivers the failure of background work to the member that handles it. Without such a member the
/// page shows the failure.
outcome fail_work(
    const conversation& current,
    std::uint64_t number,
    const failure& why,
    const environment& env
);

/// Ends background work without calling the component. Only the page shows that the work failed.
outcome abandon_work(const conversation& current, std::uint64_t number, const environment& env);

}  // namespace stube::kernel
