#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

/// The test program (program.cpp), which is `app::start`, in a process of its own.
namespace testing {

/// A pipe with room for one memory page, so that it is soon full if its reader stops reading.
class small_pipe {
public:
    small_pipe();
    small_pipe(const small_pipe&) = delete;
    small_pipe& operator=(const small_pipe&) = delete;
    ~small_pipe();

    int reader() const { return ends_[0]; }

    int writer() const { return ends_[1]; }

    /// From now on writes into the pipe fail.
    void close_reader();

    /// From now on reading ends if no program has the other writing end.
    void close_writer();

    /// Writes until the pipe is full.
    void fill();

    /// The next line, or nothing if no writing end is open.
    std::string read_line();

private:
    std::array<int, 2> ends_;
};

class program {
public:
    struct setup {
        std::string mode = "working";       ///< see program.cpp
        std::string port = "0";             ///< "0" for a free one
        int output = -1;                    ///< its standard output; -1: the test's own
        int errors = -1;                    ///< its standard error, likewise
        std::function<void()> before = {};  ///< in the new process, before the program begins
    };

    explicit program(const setup& how);
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program();  ///< kills it

    void signal(int which) const;

    /// Waits for the end of the program, and kills it after a while. A program that a signal has
    /// ended gives 1000 plus the signal.
    int exit_code();

private:
    pid_t pid_ = -1;
};

/// The port of the address that a program has printed.
std::uint16_t port_in(const std::string& line);

/// A port on which no program listens.
std::uint16_t free_port();

}  // namespace testing
