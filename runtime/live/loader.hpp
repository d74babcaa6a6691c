#pragma once

#include "runtime/live/map_context.hpp"
#include "runtime/live/messages.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/timers.hpp"
#include "runtime/live/work.hpp"

#include <stube/store/store.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stube::live {

class load_progress;

/// Loads all stored conversations, before any other operation.
/// Threads: one. The loader starts a second thread that decodes.
class loader {
public:
    struct parts {
        map_context& context;
        live::registry& registry;
        live::messages& messages;
        live::timers& timers;
        live::work& work;
    };

    explicit loader(parts to) : parts_(to) {}

    /// Throws `store_refused` if the store cannot be read.
    load_summary load(store& from);

private:
    void add(storage::record&& stored, load_progress& progress);
    void read(const held_entry& held, storage::record&& stored, load_progress& progress);
    void set_idle_times(load_progress& progress);
    void resume_waiting(const std::vector<entry_ptr>& decoded);

    parts parts_;
};

}  // namespace stube::live
