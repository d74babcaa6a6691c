// The program under test as a child process: started, killed, stopped, started again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace kill_test {

/// The gallery on a port and a store that it keeps from life to life. Dies with this value, and
/// with this process.
class gallery {
public:
    /// `store` as on its command line. What it writes to standard error is added to `log`.
    gallery(std::string program, std::string store, std::filesystem::path log);
    gallery(const gallery&) = delete;
    gallery& operator=(const gallery&) = delete;
    ~gallery();

    std::uint16_t port() const { return port_; }

    /// Returns at once, before it has read anything.
    void begin();

    /// Begins, and returns when it accepts connections. Throws if it does not within a bounded
    /// time.
    void start();

    /// SIGKILL. Throws if it had ended by itself.
    void kill();

    /// SIGTERM. Returns the exit code. Throws if it does not end within a bounded time, or by a
    /// signal.
    int stop();

private:
    void wait_until_it_listens(int from);
    int reap();

    std::string program_;
    std::string store_;
    std::filesystem::path log_;
    std::uint16_t port_;
    pid_t pid_ = -1;
    int printed_ = -1;  ///< its standard output
};

/// The text of a file, empty if there is none.
std::string contents(const std::filesystem::path& path);

}  // namespace kill_test
