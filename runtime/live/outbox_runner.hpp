#pragma once

#include "runtime/live/map_context.hpp"
#include "runtime/live/messages.hpp"
#include "runtime/live/work.hpp"

#include <stube/runtime/outbox.hpp>

#include <vector>

namespace stube::live {

/// Carries out the commands that a change left in its outbox, once the change is saved.
/// Threads: the holder of the conversation.
class outbox_runner {
public:
    outbox_runner(map_context& context, messages& to_topics, work& in_background);

    /// Runs the commands of a change. While the conversation is unseen, only `stop` hooks run, and
    /// the other commands are held.
    void run(const held_entry& held, std::vector<kernel::any_command> outbox);

    /// Runs the held commands of a conversation that was unseen before `op`, and fails its
    /// interrupted work. If `op` deletes the conversation, the held commands are dropped.
    void run_held(const held_entry& held, const operation& op);

private:
    void carry_out(const held_entry& held, std::vector<kernel::any_command> outbox);
    void stop_component(const held_entry& held, const kernel::command::stop& leaving);

    map_context& context_;
    messages& messages_;
    work& work_;
};

}  // namespace stube::live
