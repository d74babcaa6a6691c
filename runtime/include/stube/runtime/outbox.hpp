#pragma once

#include <stube/runtime/effects.hpp>
#include <stube/runtime/instances.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

/// Commands that the live runtime carries out after a turn. The kernel does no I/O and starts no
/// thread: it puts commands, as data, into an outbox. The live runtime carries them out in order,
/// after the turn is saved. A turn that cannot be saved has no effect outside.
namespace stube::kernel::command {

/// Send a message to every conversation that is subscribed to `topic`, including this one. Each
/// subscriber receives it in a turn of its own. The publisher does not wait.
struct publish {
    std::string topic;
    std::string message;  ///< JSON: an array of arguments
};

/// Call `run` on a thread of the pool. The value that it returns is delivered as the result of work
/// `number`; an exception is delivered as the failure.
struct work {
    std::uint64_t number = 0;  ///< unique in the conversation, which records it until the result
    std::function<answer_value()> run;
};

/// Run the `stop` hook of a component that has left the conversation.
struct stop {
    instance_ptr leaving;  ///< the last version of the component
};

}  // namespace stube::kernel::command

namespace stube::kernel {

using any_command = std::variant<command::publish, command::work, command::stop>;

}  // namespace stube::kernel
