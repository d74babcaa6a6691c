#include "process.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sched.h>
#include <stdexcept>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <time.h>
#include <unistd.h>

namespace bench {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The port in a line "listening on http://127.0.0.1:<port>/", or 0 when it is not there yet.
std::uint16_t announced_port(std::string_view printed) {
    constexpr std::string_view words = "listening on http://127.0.0.1:";
    std::uint16_t port = 0;
    const auto at = printed.find(words);
    if (at == printed.npos || printed.find('\n', at) == printed.npos) return 0;
    std::from_chars(printed.data() + at + words.size(), printed.data() + printed.size(), port);
    return port;
}

[[noreturn]] void become(char** words, int processor, const char* log, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // the parent died before the line above
    const int file = ::open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0 || nothing < 0) ::_exit(1);
    ::dup2(nothing, 0);
    ::dup2(file, 1);
    ::dup2(file, 2);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(processor), &set);
    ::sched_setaffinity(0, sizeof set, &set);
    ::execv(words[0], words);
    ::_exit(127);
}

}  // namespace

scratch_folder::scratch_folder(const std::filesystem::path& parent) {
    auto name = (parent / "bench-XXXXXX").string();
    if (!::mkdtemp(name.data())) fail("mkdtemp");
    path_ = name;
}

scratch_folder::~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

processors choose_processors() {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("sched_getaffinity");
    processors chosen{-1, -1};
    for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (!CPU_ISSET(static_cast<unsigned>(i), &allowed)) continue;
        if (chosen.server < 0) chosen.server = i;
        chosen.client = i;
    }
    return chosen;
}

void run_on(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(processor), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

server_process::server_process(
    const std::vector<std::string>& command,
    int processor,
    const std::filesystem::path& log
) {
    std::vector<std::string> copies = command;
    std::vector<char*> words;
    for (auto& word : copies)
        words.push_back(word.data());
    words.push_back(nullptr);
    std::filesystem::remove(log);  // otherwise the port of an earlier server may be read from it
    const auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) become(words.data(), processor, log.c_str(), parent);
    try {
        wait_for_port(log);
    } catch (const std::exception& error) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        throw std::runtime_error(command.front() + ": " + error.what() + "\n" + contents(log));
    }
}

server_process::~server_process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void server_process::wait_for_port(const std::filesystem::path& log) {
    for (int i = 0; i < 2000; ++i) {
        std::this_thread::sleep_for(5ms);
        port_ = announced_port(contents(log));
        if (port_ != 0) return;
        siginfo_t ended{};
        const auto how = WEXITED | WNOHANG | WNOWAIT;
        if (::waitid(P_PID, static_cast<id_t>(pid_), &ended, how) == 0 && ended.si_pid == pid_) {
            throw std::runtime_error("ended before it listened");
        }
    }
    throw std::runtime_error("did not listen within ten seconds");
}

std::chrono::nanoseconds server_process::cpu_time() const {
    clockid_t clock{};
    timespec spent{};
    // The process clock, unlike /proc, is exact to the moment and keeps what ended threads used.
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &spent) != 0) {
        throw std::runtime_error("the server is gone");
    }
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

std::size_t server_process::resident_bytes() const {
    constexpr std::string_view name = "Anonymous:";
    const auto text = contents("/proc/" + std::to_string(pid_) + "/smaps_rollup");
    const auto at = text.find(name);
    if (at == text.npos) throw std::runtime_error("the server's memory cannot be read");
    return std::stoull(text.substr(at + name.size())) * 1024;
}

}  // namespace bench
