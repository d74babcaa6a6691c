#include "http/transport/net.hpp"

#include <stube/http/app.hpp>
#include <stube/http/server.hpp>
#include <stube/runtime/check_store.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <ostream>
#include <poll.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace stube {

int app::check_store(std::unique_ptr<store> from, std::ostream& report, storage::check_depth depth)
    const {
    using std::chrono::milliseconds;
    const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    try {
        const kernel::environment env{now, &objects_, {}, &secrets_};
        const auto found = stube::check_store(*from, env, depth);
        report << report_of(found);
        return found.all_can_continue() && found.is_archive_intact() ? 0 : 1;
    } catch (const std::exception& e) {
        report << "the store cannot be read: " << e.what() << "\n";
        return 2;
    }
}

namespace {

namespace asio = boost::asio;

/// Ignores the signals that would end the process when the reader of its log is gone (SIGPIPE) or
/// the log must not grow (SIGXFSZ, RLIMIT_FSIZE); the write then fails. Handlers of the program
/// stay.
void ignore_write_signals() {
    for (const int each : {SIGPIPE, SIGXFSZ}) {
        struct sigaction now{};
        if (sigaction(each, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
        now.sa_handler = SIG_IGN;
        sigaction(each, &now, nullptr);
    }
}

/// Prints the address of the server. Gives up if standard output is full and not read: signals are
/// not handled while this function waits.
void print_address(const std::string& address) {
    constexpr int max_wait = 1000;  // milliseconds
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    if (poll(&output, 1, max_wait) <= 0) return;
    std::printf("listening on %s\n", address.c_str());
    std::fflush(stdout);
}

/// Ends the process one second after `exit` was called. `exit` flushes stdio, so it would wait for
/// a log reader that is stuck, as the thread that writes the log does.
void limit_exit_time(int code) {
    static std::atomic<int> exit_code;
    exit_code = code;
    std::atexit([] {
        std::thread([] {
            std::this_thread::sleep_for(std::chrono::seconds(1));
            std::_Exit(exit_code);
        }).detach();
    });
}

/// An open page needs one or two descriptors; the usual soft limit is 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// Waits for a reason to stop: a signal, or a store that is no longer usable.
class stop_condition {
public:
    stop_condition() : signals_(context_, SIGINT, SIGTERM) {
        signals_.async_wait([this](boost::system::error_code failed, int) {
            if (!failed) context_.stop();
        });
    }

    /// Callable from any thread.
    void store_is_down() {
        asio::post(context_, [this] {
            exit_code_ = app::exit_store_down;
            context_.stop();
        });
    }

    /// Returns the exit code. Later signals have their default effect and end the process.
    int wait() {
        context_.run();
        boost::system::error_code ignored;
        signals_.clear(ignored);
        return exit_code_;
    }

private:
    asio::io_context context_{1};
    asio::signal_set signals_;
    int exit_code_ = 0;
};

}  // namespace

int app::start(int port, std::unique_ptr<store> storage) {
    if (!std::in_range<std::uint16_t>(port)) {
        std::fprintf(stderr, "stube: a port is a number from 0 to 65535, not %d\n", port);
        return 1;
    }
    server_options options;
    options.port = static_cast<std::uint16_t>(port);
    return start(std::move(options), std::move(storage));
}

int app::start(server_options options, std::unique_ptr<store> storage) {
    try {
        ignore_write_signals();
        raise_descriptor_limit();
        stop_condition stopped;
        const auto on_store_down = std::move(options.conversations.on_store_down);
        options.conversations.on_store_down = [&](const std::string& why) {
            if (on_store_down) on_store_down(why);
            stopped.store_is_down();
        };
        server running(*this, std::move(options), std::move(storage));
        running.start_threads();
        print_address(running.address());
        const int exit_code = stopped.wait();
        running.stop();
        if (running.is_log_stuck()) limit_exit_time(exit_code);
        return exit_code;
    } catch (const std::exception& why) {
        std::fprintf(stderr, "%s\n", why.what());
        return 1;
    }
}

}  // namespace stube
