#pragma once

#include <stube/runtime/access.hpp>
#include <stube/runtime/app_objects.hpp>
#include <stube/runtime/context.hpp>
#include <stube/runtime/secret.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace stube {

/// Limits, timeouts and clocks for the conversations of one server.
struct conversation_options {
    /// Idle conversations (no open page, no event) are deleted after this time. This and the next
    /// three options count only the time in which the server runs, and changes of the system's
    /// clock do not affect them.
    std::chrono::milliseconds idle_timeout = std::chrono::hours(24);
    /// The same for conversations that have had no event, and no open page with scripts since the
    /// server started. Most of them are from crawlers.
    std::chrono::milliseconds unused_timeout = std::chrono::hours(1);
    /// The same for conversations that are marked with `keep()`. The default is the lifetime of the
    /// visitor's cookie.
    std::chrono::milliseconds kept_timeout = std::chrono::days(30);
    /// For this time, nothing is deleted after a start, and after the system's clock was set or the
    /// machine was suspended. In this time, open pages can connect again.
    std::chrono::milliseconds grace_after_start = std::chrono::minutes(10);
    /// At this number of conversations, a new one evicts the oldest one that was never used. If all
    /// were used, new ones are refused.
    std::size_t max_conversations = 1'000'000;
    /// The limit for one visitor. At this number, a new conversation evicts one: first those that
    /// were never used, then those without an event, then the others, each time the one that was
    /// not used for the longest time. A conversation with an open page or marked with `keep()` is
    /// never evicted. If only such conversations are left, new ones are refused.
    std::size_t max_per_owner = 200;
    /// The limit of a conversation's stored size, in bytes. An event fails if it would make the
    /// conversation larger than this and larger than before. A conversation that is not saved
    /// (a store that keeps nothing, a flow) is checked only at each 16th change.
    std::size_t max_state = 8 << 20;
    std::size_t max_waiting = 64;     ///< waiting events of one conversation; more are refused
    std::size_t max_streams = 16;     ///< open pages of one conversation; the oldest is evicted
    std::size_t max_messages = 1024;  ///< waiting messages of one conversation; more are lost
    std::size_t work_threads = 4;     ///< threads for background work
    std::size_t max_work = 1000;      ///< work that waits for a thread; more fails at once
    /// How long stop() waits for running work and for the delivery of its results.
    std::chrono::milliseconds work_timeout = std::chrono::seconds(5);
    /// False: no thread watches the clock, and the caller must call `fire_due`. For tests.
    bool watch_clock = true;
    /// For development. Logs an error, once for each text, if browsers show the HTML of a page
    /// differently from how it is written (a form in a form, a table without its parts). Logs a
    /// warning if only events that need scripts reach a member. With this, each change renders and
    /// parses the whole page. `test_conversation` always checks.
    bool check_markup = false;
    /// For development. The element of each component has the attribute `data-stube-component`.
    bool mark_components = false;
    /// Called after each revision of a conversation was saved and published, with the id of the
    /// conversation. Runs on the threads that change conversations, so it must not block and must
    /// not throw.
    std::function<void(std::string_view id)> on_committed;
    std::function<time_point()> clock;  ///< default: the system's clock
    /// The clock that measures timeouts; default: the system's. A test that sets `clock` must also
    /// set this clock, and must advance both equally.
    std::function<std::chrono::steady_clock::time_point()> steady_clock;
    std::function<std::string()> new_id;     ///< default: 128 random bits, 22 characters
    std::shared_ptr<spdlog::logger> logger;  ///< default: spdlog's default logger
    app_objects app;                         ///< the application's objects, see `context::app`
    /// The keys for `encrypted` values, see `app::secret_keys`.
    stube::secret_keys secrets = {};
    /// The rule for conversations of other users, see `app::access`. Empty: it allows nothing.
    access_rule access = {};
    /// Called once when the store's state is unknown (a failed sync). The process should report
    /// `why` and exit. Runs on the thread of the commit writer, so it must not call stop().
    std::function<void(const std::string& why)> on_store_down;
};

}  // namespace stube
