#pragma once

#include <stube/http/options.hpp>

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

namespace stube::http {

/// A log that never blocks its writers, even if the reader of the log is stuck.
///
/// The server's threads write to `logger()`, which queues the line. A thread of its own passes the
/// lines to the application's logger. That logger may get stuck (a pipe that nobody reads, a
/// terminal that is stopped, a file system that hangs). Then the oldest lines are dropped, and
/// their number is logged once the log moves again. Lines of one kind are also limited per second,
/// so that one visitor's errors do not fill a disk; the number of suppressed lines is logged after
/// them. The kind of a line is the text before its first "=". Critical lines are never suppressed.
///
/// The writing thread blocks all signals, so that a closed log does not raise SIGPIPE in the
/// program.
///
/// Threads: any.
class server_log {
public:
    /// Limits: `max_log_queue`, `max_log_line` and `max_log_rate`.
    server_log(const std::shared_ptr<spdlog::logger>& to, const server_limits& limits);
    server_log(const server_log&) = delete;
    server_log& operator=(const server_log&) = delete;
    ~server_log();

    const std::shared_ptr<spdlog::logger>& logger() const { return front_; }

    /// Waits until all lines are written, for at most `max_finish_time`. A writing thread that is
    /// not done by then is detached: it ends with the process, or when the log moves again. Later
    /// lines are discarded. Idempotent.
    void finish();

    /// True if `finish` has detached the writing thread.
    bool is_stuck() const { return is_stuck_; }

    /// The number of lines that never reached the application's logger: dropped or suppressed.
    std::int64_t lost() const;

    static constexpr auto max_finish_time = std::chrono::seconds(1);

private:
    class line_queue;
    std::shared_ptr<line_queue> lines_;  // shared with the writing thread
    std::shared_ptr<spdlog::logger> front_;
    std::thread writer_;
    bool is_stuck_ = false;
};

}  // namespace stube::http
