#include "http/transport/net.hpp"
#include "http/site/server_registry.hpp"
#include "http/protocol/text.hpp"

#include <stube/http/app.hpp>
#include <stube/http/server.hpp>
#include <stube/runtime/behavior.hpp>
#include <stube/runtime/check_store.hpp>
#include <stube/runtime/snapshot.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <ostream>
#include <poll.h>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace stube {

int app::check_store(std::unique_ptr<store> from, std::ostream& report) const {
    using std::chrono::milliseconds;
    const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    try {
        const auto found = stube::check_store(*from, {now, object_, object_type_});
        report << report_of(found);
        return found.all_go_on() ? 0 : 1;
    } catch (const std::exception& e) {
        report << "the store cannot be read: " << e.what() << "\n";
        return 2;
    }
}

namespace {

namespace asio = boost::asio;

/// Opens standard streams that are closed. Otherwise the first file that the program opens, such as
/// the lock file of its store, would become its standard output. Done before `main`.
struct standard_streams {
    standard_streams() {
        for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            if (fcntl(each, F_GETFD) < 0 && errno == EBADF)
                static_cast<void>(open("/dev/null", O_RDWR));  // takes the lowest free one
        }
    }
};

const standard_streams are_open;

/// Ignores the signals that would end the process when the reader of its log is gone (SIGPIPE) or
/// the log must not grow (SIGXFSZ, RLIMIT_FSIZE); the write then fails. Handlers of the program
/// stay.
void survive_failed_writes() {
    for (const int each : {SIGPIPE, SIGXFSZ}) {
        struct sigaction now{};
        if (sigaction(each, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
        now.sa_handler = SIG_IGN;
        sigaction(each, &now, nullptr);
    }
}

/// Prints the address of the server. Gives up if standard output is full and not read: signals are
/// not handled while this function waits.
void tell_address(const std::string& address) {
    constexpr int patience = 1000;  // milliseconds
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    if (poll(&output, 1, patience) <= 0) return;
    std::printf("listening on %s\n", address.c_str());
    std::fflush(stdout);
}

/// Ends the process one second after `exit` was called. `exit` flushes stdio, so it would wait for
/// a log reader that is stuck, as the thread that writes the log does.
void limit_exit(int code) {
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
class reason_to_stop {
public:
    reason_to_stop() : signals_(context_, SIGINT, SIGTERM) {
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

/// Throws std::invalid_argument if the application must not use the path.
void check_path(const std::string& path) {
    constexpr std::array<std::string_view, 3> reserved{"/healthz", "/readyz", "/metrics"};
    const bool is_path = path.starts_with('/') && path.find_first_of("?#\"'<>\r\n") == path.npos;
    if (!is_path)
        throw std::invalid_argument(
            "stube: a path must begin with \"/\" and have no query: " + path
        );
    if (path.starts_with("/stube/") || std::ranges::find(reserved, path) != reserved.end()) {
        throw std::invalid_argument("stube: this path is stube's own: " + path);
    }
}

void check_open_to_all(const page_options& options, const std::string& what) {
    if (options.login.empty()) return;
    throw std::invalid_argument(
        "stube: only a page with a conversation can ask for a login: " + what
    );
}

}  // namespace

app::app() : servers_(std::make_shared<http::switchboard>()) {}

void app::publish_text(std::string_view topic, const std::string& message) const {
    servers_->publish(topic, message);
}

app& app::add_mount(std::string path, page_options options, root_maker root) {
    if (!options.login.empty() && !http::is_local_address(options.login)) {
        throw std::invalid_argument(
            "stube: the login page must be at an address of this server: " + options.login
        );
    }
    take(path);
    conversations_.push_back({std::move(path), std::move(options), std::move(root)});
    return *this;
}

app& app::restore(
    std::string path,
    std::function<boost::json::value(const request_info&)> from,
    page_options options
) {
    return add_mount(
        std::move(path),
        std::move(options),
        {.component = {}, .reads_request = true, .snapshot = std::move(from)}
    );
}

app& app::page(std::string path, page_options options, markup content) {
    check_open_to_all(options, path);
    take(path);
    pages_.push_back({std::move(path), std::move(options), std::move(content)});
    return *this;
}

app& app::error_pages(page_options options) {
    check_open_to_all(options, "error_pages");
    error_pages_ = std::move(options);
    return *this;
}

app& app::asset(std::string path, std::string mime, std::string body, caching how) {
    take(path);
    if (mime.find_first_of("\r\n") != mime.npos)
        throw std::invalid_argument("stube: no media type: " + path);
    assets_.push_back({std::move(path), std::move(mime), std::move(body), how});
    return *this;
}

app& app::behavior(std::string_view name, std::string module) {
    std::string path = "/stube/behaviors/" + std::string(name) + ".js";
    if (!is_behavior_name(name) || std::ranges::find(taken_, path) != taken_.end()) {
        throw std::invalid_argument(
            "stube: no name for a behavior, or taken already: " + std::string(name)
        );
    }
    taken_.push_back(path);
    behaviors_.push_back(
        {std::move(path), "text/javascript; charset=utf-8", std::move(module), caching::revalidate}
    );
    return *this;
}

app& app::post(std::string path, std::function<redirect(const request_info&)> answer) {
    check_path(path);
    if (std::ranges::find(posts_, path, &post_at::path) != posts_.end())
        throw std::invalid_argument("stube: forms are taken at this path already: " + path);
    posts_.push_back({std::move(path), std::move(answer)});
    return *this;
}

app& app::principal(std::function<std::string(const request_info&)> who) {
    principal_ = std::move(who);
    return *this;
}

void app::take(const std::string& path) {
    check_path(path);
    if (std::ranges::find(taken_, path) != taken_.end()) {
        throw std::invalid_argument("stube: this path is taken already: " + path);
    }
    taken_.push_back(path);
}

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
        survive_failed_writes();
        raise_descriptor_limit();
        reason_to_stop reason;
        const auto told = std::move(options.conversations.on_store_down);
        options.conversations.on_store_down = [&](const std::string& why) {
            if (told) told(why);
            reason.store_is_down();
        };
        server running(*this, std::move(options), std::move(storage));
        running.start_threads();
        tell_address(running.address());
        const int exit_code = reason.wait();
        running.stop();
        if (running.is_log_stuck()) limit_exit(exit_code);
        return exit_code;
    } catch (const std::exception& why) {
        std::fprintf(stderr, "%s\n", why.what());
        return 1;
    }
}

}  // namespace stube
