#include "http/process.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace testing {

small_pipe::small_pipe() : ends_{} {
    constexpr int one_page = 4096;
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    if (fcntl(writer(), F_SETPIPE_SZ, one_page) < 0) throw std::runtime_error("no small pipe");
}

small_pipe::~small_pipe() {
    close_reader();
    close_writer();
}

void small_pipe::close_reader() {
    if (reader() >= 0) close(reader());
    ends_[0] = -1;
}

void small_pipe::close_writer() {
    if (writer() >= 0) close(writer());
    ends_[1] = -1;
}

void small_pipe::fill() {
    const auto flags = fcntl(writer(), F_GETFL);
    fcntl(writer(), F_SETFL, flags | O_NONBLOCK);
    while (write(writer(), "x", 1) == 1) {
    }
    fcntl(writer(), F_SETFL, flags);
}

std::string small_pipe::read_line() {
    std::string line;
    char c = 0;
    while (read(reader(), &c, 1) == 1 && c != '\n')
        line += c;
    return line;
}

program::program(const setup& how) : pid_(fork()) {
    if (pid_ != 0) return;
    if (how.output >= 0) dup2(how.output, STDOUT_FILENO);
    if (how.errors >= 0) dup2(how.errors, STDERR_FILENO);
    if (how.before) how.before();
    execl(STUBE_TEST_PROGRAM, STUBE_TEST_PROGRAM, how.port.c_str(), how.mode.c_str(), nullptr);
    _exit(127);
}

program::~program() {
    if (pid_ < 0) return;
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void program::signal(int which) const {
    kill(pid_, which);
}

int program::exit_code() {
    using namespace std::chrono_literals;
    int status = 0;
    for (int tries = 0; waitpid(pid_, &status, WNOHANG) == 0; ++tries) {
        if (tries == 2000) signal(SIGKILL);
        std::this_thread::sleep_for(10ms);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::uint16_t port_in(const std::string& line) {
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

std::uint16_t free_port() {
    const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    bind(taken, reinterpret_cast<sockaddr*>(&at), size);
    getsockname(taken, reinterpret_cast<sockaddr*>(&at), &size);
    close(taken);
    return ntohs(at.sin_port);
}

}  // namespace testing
