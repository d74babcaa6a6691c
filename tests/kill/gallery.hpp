// The program under test as a child process that can be started, killed and stopped repeatedly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace kill_test {

/// The gallery on a fixed port and a fixed store. The child process ends with this object, and with
/// this process.
class gallery {
public:
    /// `options` are those for its store. Its standard error is appended to `log`.
    gallery(std::string program, std::vector<std::string> options, std::filesystem::path log);
    gallery(const gallery&) = delete;
    gallery& operator=(const gallery&) = delete;
    ~gallery();

    std::uint16_t port() const { return port_; }

    /// Starts it and returns at once, before it has read its store.
    void begin();

    /// Starts it and returns when it accepts connections. Throws if that takes too long.
    void start();

    /// Sends SIGKILL. Throws if the process had ended by itself.
    void kill();

    /// Sends SIGTERM and returns the exit code. Throws if the process does not end in time, or ends
    /// by a signal.
    int stop();

private:
    void wait_until_it_listens(int from);
    int reap();

    std::string program_;
    std::vector<std::string> options_;
    std::filesystem::path log_;
    std::uint16_t port_;
    pid_t pid_ = -1;
    int printed_ = -1;  ///< its standard output
};

/// The text of a file; empty if the file is missing.
std::string contents(const std::filesystem::path& path);

}  // namespace kill_test
