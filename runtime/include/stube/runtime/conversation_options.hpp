#pragma once

#include <stube/runtime/context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <typeinfo>

namespace spdlog {
class logger;
}

namespace stube {

/// Limits, timeouts and clocks for the conversations of one server.
struct conversation_options {
    /// What nobody used or looked at for so long is given up and deleted. This and the next three
    /// are counted in time that the server was running: not while it was stopped, and whatever the
    /// system's clock is set to meanwhile.
    std::chrono::milliseconds idle_timeout = std::chrono::hours(24);
    /// The same for what never got an event and was never open in a browser that runs scripts,
    /// since the server was started: crawlers.
    std::chrono::milliseconds unused_timeout = std::chrono::hours(1);
    /// The same for what is marked with `keep()`; as long as the visitor's cookie lasts.
    std::chrono::milliseconds kept_timeout = std::chrono::days(30);
    /// Nothing is deleted so soon after a start, nor after the system's clock was set (or the
    /// machine was suspended), so that open pages can come back first.
    std::chrono::milliseconds grace_after_start = std::chrono::minutes(10);
    /// At so many the oldest one that was never used makes room for a new one; if there is none,
    /// new ones are refused.
    std::size_t max_conversations = 1'000'000;
    /// Of one visitor. At so many, one makes room for a new one: those that were never used first,
    /// then those from which no event came, then the others, each time the one that was not used
    /// for the longest time. One with an open page or marked with `keep()` never does: when there
    /// are only such, new ones are refused.
    std::size_t max_per_owner = 200;
    /// How many bytes the states of a conversation's components may take, as they are stored. An
    /// event that would make it larger than that, and larger than it was, fails. With a store that
    /// keeps nothing it is looked at with each 16th change only.
    std::size_t max_state = 8 << 20;
    std::size_t max_waiting = 64;     ///< events of one conversation that wait for each other
    std::size_t max_streams = 16;     ///< open pages of one conversation; the oldest give way
    std::size_t max_messages = 1024;  ///< that wait for one conversation; more are lost
    std::size_t work_threads = 4;     ///< for background work
    std::size_t max_work = 1000;      ///< that waits for one of them; more fails at once
    /// How long stop() waits for work that runs.
    std::chrono::milliseconds work_timeout = std::chrono::seconds(5);
    /// False: nobody watches the clock, and `fire_due` must be called. For tests.
    bool watch_clock = true;
    /// For development: logs an error, once for each text, when a page holds HTML that a browser
    /// shows differently from how it is written (a form in a form, a table without its parts). Logs
    /// a warning when only an event that needs scripts reaches a member. Each change then renders
    /// and reads the whole page. `test_conversation` always checks.
    bool check_markup = false;
    std::function<time_point()> clock;  ///< default: the system's
    /// What timeouts are measured with; default: the system's. For tests, with a `clock` that goes
    /// as fast.
    std::function<std::chrono::steady_clock::time_point()> steady_clock;
    std::function<std::string()> new_id;     ///< default: 128 random bits, 22 characters
    std::shared_ptr<spdlog::logger> logger;  ///< default: spdlog's
    void* app = nullptr;                     ///< the application's object, see `context::app`
    const std::type_info* app_type = nullptr;
    /// Called once when the store's state is not known (a failed sync): the process should say so
    /// and exit. Runs on the thread that saves, so it must not call stop().
    std::function<void(const std::string& why)> on_store_down;
};

}  // namespace stube
