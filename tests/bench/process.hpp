// The servers as child processes: started, found by their port, watched, always killed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/// A folder that exists as long as this value does.
class scratch_folder {
public:
    explicit scratch_folder(const std::filesystem::path& parent);
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder();

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The processors of the servers and of the load client: the same if there is only one.
struct processors {
    int server = 0;
    int client = 0;
};

/// The first and the last processor that this process may use.
processors choose_processors();
void run_on(int processor);

/// A server that has printed its port. It is killed with this value, and with this process.
class server_process {
public:
    /// The server prints to `log`. Throws if the server does not start.
    server_process(
        const std::vector<std::string>& command,
        int processor,
        const std::filesystem::path& log
    );
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process();

    std::uint16_t port() const { return port_; }

    /// User and system time of all its threads, including ended ones.
    std::chrono::nanoseconds cpu_time() const;

    /// Its resident anonymous memory.
    std::size_t resident_bytes() const;

private:
    void wait_for_port(const std::filesystem::path& log);

    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace bench
