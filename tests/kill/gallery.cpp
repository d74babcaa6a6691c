#include "gallery.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace kill_test {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 15s;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A port below the range from which the system assigns ports, so that no other program gets it
/// while the server is dead.
std::uint16_t free_port() {
    std::random_device random;
    for (int i = 0; i < 100; ++i) {
        const auto port = static_cast<std::uint16_t>(20'000 + random() % 10'000);
        const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (probe < 0) fail("socket");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int taken =
            ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::close(probe);
        if (taken == 0) return port;
    }
    throw std::runtime_error("found no free port");
}

[[noreturn]] void become(char** words, int output, const char* log, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // the parent died before prctl()
    const int file = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0 || nothing < 0) ::_exit(1);
    ::dup2(nothing, 0);
    ::dup2(output, 1);
    ::dup2(file, 2);
    ::execv(words[0], words);
    ::_exit(127);
}

}  // namespace

gallery::gallery(std::string program, std::vector<std::string> options, std::filesystem::path log)
    : program_(std::move(program)),
      options_(std::move(options)),
      log_(std::move(log)),
      port_(free_port()) {}

gallery::~gallery() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    reap();
}

void gallery::start() {
    begin();
    wait_until_it_listens(printed_);
}

void gallery::begin() {
    std::vector<std::string> words{program_, "--port", std::to_string(port_), "--threads", "2"};
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> pointers;
    for (auto& each : words)
        pointers.push_back(each.data());
    pointers.push_back(nullptr);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe2");
    const auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) become(pointers.data(), ends[1], log_.c_str(), parent);
    ::close(ends[1]);
    printed_ = ends[0];
    if (pid_ < 0) fail("fork");
}

void gallery::wait_until_it_listens(int from) {
    const auto line = "listening on http://127.0.0.1:" + std::to_string(port_) + "/\n";
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string text;
    while (text.find(line) == text.npos) {
        const auto left = deadline - std::chrono::steady_clock::now();
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        pollfd readable{from, POLLIN, 0};
        std::array<char, 256> part;
        const bool is_late = wait <= 0 || ::poll(&readable, 1, static_cast<int>(wait)) <= 0;
        const auto size = is_late ? 0 : ::read(from, part.data(), part.size());
        if (size <= 0) {
            throw std::runtime_error(
                std::string(is_late ? "the gallery does not listen" : "the gallery did not start") +
                ": " + text + contents(log_)
            );
        }
        text.append(part.data(), static_cast<std::size_t>(size));
    }
}

int gallery::reap() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    ::close(std::exchange(printed_, -1));
    return status;
}

void gallery::kill() {
    ::kill(pid_, SIGKILL);
    const int status = reap();
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        throw std::runtime_error(
            "the gallery had ended by itself with status " + std::to_string(status) + ": " +
            contents(log_)
        );
    }
}

int gallery::stop() {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    ::kill(pid_, SIGTERM);
    for (;;) {
        siginfo_t ended{};
        const auto how = WEXITED | WNOHANG | WNOWAIT;
        const bool is_over =
            ::waitid(P_PID, static_cast<id_t>(pid_), &ended, how) == 0 && ended.si_pid == pid_;
        if (is_over) break;
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the gallery did not stop within 15 s of SIGTERM");
        }
        std::this_thread::sleep_for(2ms);
    }
    const int status = reap();
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    throw std::runtime_error(
        "SIGTERM ended the gallery by signal " + std::to_string(WTERMSIG(status))
    );
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace kill_test
