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

/// Loads everything stored, before any other operation.
/// Threads: one; it begins a second one that decodes.
class loader {
public:
    struct parts {
        map_context& context;
        registry& all;
        live::messages& messages;
        live::timers& timers;
        live::work& work;
    };

    explicit loader(parts to) : parts_(to) {}

    /// Throws `store_refused` if the store cannot be read.
    load_summary load(store& from);

private:
    void add(storage::record&& stored, load_progress& progress);
    void place(const held_entry& held, storage::record&& stored, load_progress& progress);
    void set_idle_times(load_progress& progress);
    void begin_again(const std::vector<entry_ptr>& decoded);

    parts parts_;
};

}  // namespace stube::live
