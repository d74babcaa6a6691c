// A running program survives a log that is not read, a log that cannot be written, and few
// descriptors.
#include "http/fixture.hpp"
#include "http/process.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

using namespace testing;

namespace {

namespace fs = std::filesystem;

/// Each error is a line of the log. Together they are more than a pipe of one page takes.
void cause_many_errors(std::uint16_t port, const opened& page) {
    client events(port);
    for (int count = 0; count < 200; ++count)
        REQUIRE(events.ask(page.post("1/fail")).header("stube-failed") == "yes");
}

/// Checks that the program serves in spite of its log, and ends on SIGTERM.
void check_serves_and_ends(program& running, std::uint16_t port) {
    const auto page = open_page(port);
    cause_many_errors(port, page);
    CHECK(client(port).ask(page.post("1/inc")).contains("n=1"));
    running.signal(SIGTERM);
    CHECK(running.exit_code() == 0);
}

template <class What>
void limit(What what, rlim_t to) {
    const rlimit both{to, to};
    setrlimit(what, &both);
}

bool answers(std::uint16_t port) {
    try {
        return client(port).ask(get("/healthz")).status == 200;
    } catch (const std::exception&) {
        return false;
    }
}

void wait_until_it_answers(std::uint16_t port) {
    while (!answers(port))
        std::this_thread::sleep_for(10ms);
}

}  // namespace

TEST_CASE("a blocked reader of standard error stops neither the server nor its shutdown") {
    small_pipe output;
    small_pipe errors;
    program running({
        .mode = "logs:stderr",
        .output = output.writer(),
        .errors = errors.writer(),
    });

    check_serves_and_ends(running, port_in(output.read_line()));
}

TEST_CASE("a blocked reader of standard output stops neither the server nor its shutdown") {
    small_pipe output;
    program running({.mode = "logs:stdout", .output = output.writer()});
    auto line = output.read_line();
    while (line.find("listening on") == line.npos)
        line = output.read_line();

    check_serves_and_ends(running, port_in(line));
}

TEST_CASE("a program whose standard output is full from the start serves and ends") {
    small_pipe output;
    output.fill();
    const auto port = free_port();
    program running({.port = std::to_string(port), .output = output.writer()});

    wait_until_it_answers(port);
    CHECK(open_page(port).page.status == 200);
    running.signal(SIGTERM);
    CHECK(running.exit_code() == 0);
}

TEST_CASE("a log reader that closes its pipe does not end the program") {
    small_pipe output;
    small_pipe errors;
    program running({
        .mode = "logs:stderr",
        .output = output.writer(),
        .errors = errors.writer(),
    });
    const auto port = port_in(output.read_line());
    errors.close_reader();

    check_serves_and_ends(running, port);
}

TEST_CASE("a full disk under the log loses only log lines") {
    small_pipe output;
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    program running({.mode = "logs:stderr", .output = output.writer(), .errors = full});
    close(full);

    check_serves_and_ends(running, port_in(output.read_line()));
}

TEST_CASE("a log file that may not grow loses only log lines") {
    scratch_folder folder;
    small_pipe output;
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    program running({
        .mode = "logs:" + folder.file("log"),
        .output = output.writer(),
        .errors = nowhere,  // spdlog reports its errors there
        .before = [] { limit(RLIMIT_FSIZE, 1000); },
    });
    close(nowhere);

    check_serves_and_ends(running, port_in(output.read_line()));
    CHECK(fs::file_size(folder.file("log")) == 1000);
}

TEST_CASE("a program that is started without standard streams does not print into its files") {
    scratch_folder folder;
    const auto port = free_port();
    program running({
        .mode = "sqlite:" + folder.file("store.db"),
        .port = std::to_string(port),
        .before =
            [] {
                for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
                    close(each);
            },
    });

    wait_until_it_answers(port);
    const auto page = open_page(port);
    CHECK(client(port).ask(page.post("1/inc")).contains("n=1"));
    running.signal(SIGTERM);
    CHECK(running.exit_code() == 0);
    CHECK_FALSE(folder.holds_text("listening on"));
}

TEST_CASE("idle connections leave enough of 64 descriptors for saving") {
    scratch_folder folder;
    small_pipe output;
    program running({
        .mode = "files:" + folder.file("store"),
        .output = output.writer(),
        .before = [] { limit(RLIMIT_NOFILE, 64); },
    });
    const auto port = port_in(output.read_line());
    const auto page = open_page(port);
    client mine(port);
    CHECK(mine.ask(page.post("1/inc")).contains("n=1"));
    std::vector<std::unique_ptr<client>> idle;
    while (idle.size() < 100)
        idle.push_back(std::make_unique<client>(port));
    CHECK(idle.back()->is_closed_within(5s));

    for (int count = 2; count < 20; ++count)
        CHECK(mine.ask(page.post("1/inc")).contains("n=" + std::to_string(count)));
    idle.clear();
    wait_until_it_answers(port);
    CHECK(open_page(port).page.status == 200);
}
