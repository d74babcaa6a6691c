#include "http/inspector/source_lines.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace stube::http {

namespace {

using steady = std::chrono::steady_clock;

constexpr auto longest_run = std::chrono::seconds(10);  // of addr2line, for one file

/// A function in the file that contains its code.
struct located {
    const void* function;
    std::uintptr_t offset;  ///< as in the file, not as loaded
};

using functions_by_file = std::map<std::string, std::vector<located>>;

functions_by_file locate(std::span<const void* const> functions) {
    functions_by_file out;
    for (const auto* each : functions) {
        Dl_info found{};
        void* extra = nullptr;
        if (!each || dladdr1(each, &found, &extra, RTLD_DL_LINKMAP) == 0 || !extra) continue;
        const auto& loaded = *static_cast<const link_map*>(extra);
        // The name of the program itself is empty.
        const std::string file = *loaded.l_name == '\0' ? "/proc/self/exe" : loaded.l_name;
        out[file].push_back({each, reinterpret_cast<std::uintptr_t>(each) - loaded.l_addr});
    }
    return out;
}

std::string hex(std::uintptr_t number) {
    std::array<char, 2 * sizeof(number)> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
    return "0x" + std::string(digits.begin(), end);
}

/// Ends at the deadline with what has come.
std::string read_all(int from, steady::time_point deadline) {
    using std::chrono::milliseconds;
    std::string out;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady::now());
        pollfd ready{from, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) return out;
        const auto count = ::read(from, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return out;
        out.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

/// Runs a program without input, and returns its standard output. Empty if it cannot be run. Kills
/// it when it takes too long.
std::string output_of(std::vector<std::string> command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (auto& each : command)
        arguments.push_back(each.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    auto out = failed == 0 ? read_all(ends[0], steady::now() + longest_run) : std::string();
    ::close(ends[0]);
    if (failed == 0) ::kill(child, SIGKILL);  // it has ended, or hangs
    int status = 0;
    while (failed == 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return out;
}

/// The first line of `text`, which is removed from it.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return line;
}

/// "counter.cpp:12" from a line of addr2line, which is "counter.cpp:12 (discriminator 2)" for a
/// part of a line. Empty for "??:0", "??:?" and "counter.cpp:?".
std::string source_in(std::string_view line) {
    line = line.substr(0, line.find(" (discriminator"));
    const auto colon = line.rfind(':');
    if (colon == line.npos || line.starts_with("??")) return {};
    const auto number = line.substr(colon + 1);
    const bool is_number = number.find_first_not_of("0123456789") == number.npos;
    return is_number && number != "0" ? std::string(line) : std::string();
}

}  // namespace

std::map<const void*, std::string> source_lines(std::span<const void* const> functions) {
    std::map<const void*, std::string> out;
    for (const auto& [file, in_file] : locate(functions)) {
        // The child's own /proc/self/exe would be addr2line.
        const auto program = "/proc/" + std::to_string(::getpid()) + "/exe";
        std::vector<std::string> command{
            "addr2line",
            "-e",
            file == "/proc/self/exe" ? program : file
        };
        for (const auto& each : in_file)
            command.push_back(hex(each.offset));
        const auto printed = output_of(std::move(command));
        std::string_view rest = printed;
        for (const auto& each : in_file)
            if (auto line = source_in(take_line(rest)); !line.empty())
                out.emplace(each.function, std::move(line));
    }
    return out;
}

}  // namespace stube::http
