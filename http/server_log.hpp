#pragma once

#include <stube/http/options.hpp>

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

namespace stube::http {

/// Keeps whoever logs from waiting for whoever reads the log.
///
/// The server's threads write to `logger()`, which queues the line. A thread of its own hands the
/// lines to the logger that the application gave. That logger may stand still (a pipe that nobody
/// reads, a terminal that is stopped, a file system that hangs): then the oldest lines give way,
/// and the number of lines lost is logged once the log moves again. Lines of one kind are limited
/// per second as well, so that one visitor's errors do not fill a disk; the number of suppressed
/// lines follows them. A kind is what stands before the first "=" of a line. Critical lines are
/// never suppressed.
///
/// The writing thread blocks all signals: a log reader that is gone raises no SIGPIPE in the
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

    /// Waits until all lines are written, for at most `log_patience`. After that the writing thread
    /// is left to itself: it ends with the process, or when the log moves again. Later lines are
    /// discarded. Idempotent.
    void finish();

    /// True if `finish` has left the writing thread behind.
    bool is_stuck() const { return is_stuck_; }

    /// Lines that never reached the application's logger: overrun or suppressed.
    std::int64_t lost() const;

    static constexpr auto log_patience = std::chrono::seconds(1);

private:
    class line_queue;
    std::shared_ptr<line_queue> lines_;  // the writing thread's too
    std::shared_ptr<spdlog::logger> front_;
    std::thread writer_;
    bool is_stuck_ = false;
};

}  // namespace stube::http
