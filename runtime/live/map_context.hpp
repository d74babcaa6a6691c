#pragma once

#include "runtime/live/background_thread.hpp"
#include "runtime/live/clocks.hpp"
#include "runtime/live/entry.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/conversation_options.hpp>

#include <spdlog/logger.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace stube::live {

/// Counts since the start, see `conversation_counts`.
struct totals {
    std::atomic<std::size_t> timers_fired = 0;
    std::atomic<std::size_t> messages_delivered = 0;
    std::atomic<std::size_t> messages_lost = 0;
    std::atomic<std::size_t> work_done = 0;
    std::atomic<std::size_t> work_failed = 0;
    std::atomic<std::size_t> work_refused = 0;
    std::atomic<std::size_t> rolled_back = 0;
    std::atomic<std::size_t> expired = 0;
    std::atomic<std::size_t> evicted = 0;
    std::atomic<std::size_t> trims_done = 0;
    std::atomic<std::size_t> trims_failed = 0;
    std::atomic<std::size_t> failures_archived = 0;
    std::atomic<std::size_t> failures_lost = 0;
};

/// The options, clocks, executors and counts that all parts of a map share.
/// Threads: any. `executors` must be set before the first operation.
struct map_context {
    explicit map_context(conversation_options given)
        : options(std::move(given)), clock(options.clock, options.steady_clock) {}

    /// The environment of one turn. `random` must outlive it.
    kernel::environment environment(random_bits* random = nullptr) const {
        return {
            .now = clock.now(),
            .app = &options.app,
            .clock_shift = clock.shift(),
            .secrets = &options.secrets,
            .random = random,
            .marks_components = options.mark_components
        };
    }

    spdlog::logger& log() const { return *options.logger; }

    /// The executor of a conversation's timers, messages and results; always the same one.
    executor& executor_of(const entry& e) { return executor_of(e.id); }

    executor& executor_of(std::string_view id) {
        if (executors.empty()) return background;
        return *executors[std::hash<std::string_view>()(id) % executors.size()];
    }

    const conversation_options options;
    const clocks clock;
    std::atomic<bool> is_closed = false;  ///< stopped, or the store is down
    live::totals totals;
    std::vector<executor*> executors;
    background_thread background;  ///< the executor of a map for which `use` was not called
};

}  // namespace stube::live
