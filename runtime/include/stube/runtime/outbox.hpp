#pragma once

#include <stube/runtime/effects.hpp>
#include <stube/runtime/instances.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

/// What a turn leaves for the live runtime to do. The kernel does no I/O and starts no thread: it
/// asks, as data, and the live runtime carries it out once the turn is saved, in the order asked. A
/// turn that cannot be saved asks for nothing.
namespace stube::kernel::command {

/// Tell every conversation that is subscribed to `topic`, this one too if it is. Each gets the
/// message in a turn of its own; the publisher does not wait.
struct publish {
    std::string topic;
    std::string message;  ///< JSON: an array of arguments
};

/// Run `run` on a thread of the pool. What it returns comes back as the result of work `number`,
/// what it throws as the failure of it.
struct work {
    std::uint64_t number = 0;  ///< the conversation's own count; recorded in it until answered
    std::function<answer_value()> run;
};

/// Run the `stop` hook of a component that has left.
struct stop {
    instance_ptr leaving;  ///< as it was last
};

}  // namespace stube::kernel::command

namespace stube::kernel {

using any_command = std::variant<command::publish, command::work, command::stop>;

}  // namespace stube::kernel
