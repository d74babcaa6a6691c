#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

/// The test program (program.cpp), which is `app::start`, in a process of its own.
namespace testing {

/// A pipe with room for one page, so that a reader who stands still is noticed soon.
class small_pipe {
public:
    small_pipe();
    small_pipe(const small_pipe&) = delete;
    small_pipe& operator=(const small_pipe&) = delete;
    ~small_pipe();

    int reader() const { return ends_[0]; }

    int writer() const { return ends_[1]; }

    /// Whoever writes is alone from now on.
    void close_reader();

    /// Without a program that writes, reading ends.
    void close_writer();

    /// Leaves no room.
    void fill();

    /// The next line; nothing if no one can write any more.
    std::string read_line();

private:
    std::array<int, 2> ends_;
};

class program {
public:
    struct setup {
        std::string mood = "well";          ///< see program.cpp
        std::string port = "0";             ///< with any other nothing is read from it
        int output = -1;                    ///< its standard output; -1: the test's own
        int errors = -1;                    ///< its standard error, likewise
        std::function<void()> before = {};  ///< in the new process, before the program begins
    };

    explicit program(const setup& how);
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program();  ///< kills it

    void signal(int which) const;

    /// Waits for its end, but not for ever. 1000 and the signal if one has ended it.
    int exit_code();

private:
    pid_t pid_ = -1;
};

/// The port of the address that a program has told.
std::uint16_t port_in(const std::string& line);

/// A port that nobody listens on.
std::uint16_t free_port();

}  // namespace testing
