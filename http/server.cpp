#include "http/site/server_log.hpp"
#include "http/site/server_registry.hpp"
#include "http/site/site.hpp"
#include "http/transport/listener.hpp"
#include "http/transport/worker.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/live/mutex.hpp"

#include <stube/http/server.hpp>

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <future>
#include <iterator>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace stube {

namespace {

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

const standard_streams opened_streams;

constexpr auto expiry_interval = std::chrono::seconds(10);
constexpr auto trim_interval = std::chrono::seconds(1);  // while old history is left
constexpr auto drain_poll_interval = std::chrono::milliseconds(2);

std::size_t thread_count(const server_options& options) {
    return options.threads > 0 ? options.threads
                               : std::max(1u, std::thread::hardware_concurrency());
}

/// The descriptors that the process has open on Linux; 0 on other systems.
std::size_t open_descriptors() {
    std::error_code failed;
    const std::filesystem::directory_iterator all("/proc/self/fd", failed);
    if (failed) return 0;
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// The most connections that the limits allow. Keeps the reserved descriptors free.
std::size_t connections_within_limits(const server_limits& limits) {
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur == RLIM_INFINITY)
        return limits.max_connections;
    const auto all = static_cast<std::size_t>(descriptors.rlim_cur);
    const auto free = all - std::min(all, open_descriptors());
    const auto usable = free - std::min(limits.reserved_descriptors, free / 2);
    return std::min(limits.max_connections, std::max<std::size_t>(usable, 1));
}

void check_component_names() {
    const auto clashing = clashing_components();
    if (clashing.empty()) return;
    throw std::logic_error("stube: two components have the name " + clashing.front());
}

/// A value that cannot be encrypted could not be stored, and every event of its component would
/// fail.
void check_secret_keys(const secret_keys& keys) {
    if (!keys.empty()) return;
    for (const auto* each : known_components()) {
        if (!each->has_encrypted) continue;
        throw std::logic_error(
            "stube: the component " + std::string(each->name) +
            " has an encrypted value, and the application has no key for it; give the keys with "
            "app::secret_keys"
        );
    }
}

}  // namespace

class server::impl {
public:
    impl(const app& from, server_options options, std::unique_ptr<store> storage)
        : server_log_(
              options.conversations.logger ? options.conversations.logger
                                           : spdlog::default_logger(),
              options.limits
          ),
          log_(server_log_.logger()),
          drain_delay_(options.drain_delay),
          servers_(from.servers_),
          site_(from, options) {
        check_component_names();
        check_secret_keys(options.conversations.secrets);
        site_.log = &server_log_;
        site_.unsent.on_exceeded = [this] { close_slow_readers(); };
        options.conversations.logger = log_;
        const auto threads = thread_count(options);
        site_.counts.set_threads(threads);
        for (std::size_t at = 0; at < threads; ++at) {
            workers_.push_back(
                std::make_unique<http::worker>(site_, site_.counts.of_thread(at), log_)
            );
        }
        listener_ =
            std::make_unique<http::listener>(workers_[0]->context(), options.bind, options.port);
        authority_ = listener_->authority();
        options.conversations.app = from.objects_;
        if (site_.inspection()) switch_inspector_on(options.conversations);
        if (from.access_) options.conversations.access = from.access_;
        if (!storage->keeps())
            log_->warn("the store keeps nothing: conversations end with this process");
        live_ = std::make_unique<live::conversation_map>(
            std::move(storage),
            std::move(options.conversations)
        );
        site_.live = live_.get();
        live_->use(executors());
        live_->load();
        servers_->add(*live_);
    }

    ~impl() { stop(); }

    std::uint16_t port() const { return listener_->port(); }

    live::conversation_history history() const { return live_->history(); }

    void publish(std::string_view topic, const std::string& message) {
        live_->publish(topic, message);
    }

    std::string address() const { return "http://" + authority_ + site_.base_path() + "/"; }

    void start_threads() {
        const live::mutex_lock lock(mutex_);
        if (phase_ != phase::fresh) throw std::logic_error("stube: the server was started before");
        listener_->listen();
        phase_ = phase::running;
        max_connections_ = connections_within_limits(site_.limits());
        listener_->accept(
            [this]() -> boost::asio::io_context& { return next_worker().context(); },
            [this](http::tcp_socket socket) { add_connection(std::move(socket)); }
        );
        for (auto& each : workers_)
            each->start();
        expiry_thread_ = std::thread([this] { expire(); });
        log_->info(
            "serving address={} threads={} conversations={} max_connections={}",
            authority_,
            workers_.size(),
            live_->size(),
            max_connections_
        );
        if (max_connections_ < site_.limits().max_connections)
            log_->warn(
                "connections limited to={} wanted={} why=\"the limit of descriptors "
                "(RLIMIT_NOFILE)\"",
                max_connections_,
                site_.limits().max_connections
            );
    }

    void run() {
        start_threads();
        live::mutex_lock lock(mutex_);
        while (phase_ != phase::stopped)
            changed_.wait(lock);
    }

    void stop() {
        {
            live::mutex_lock lock(mutex_);
            while (phase_ == phase::stopping)
                changed_.wait(lock);
            if (phase_ == phase::stopped) return;
            if (std::exchange(phase_, phase::stopping) == phase::fresh) {
                stop_conversations();
                phase_ = phase::stopped;
                return server_log_.finish();
            }
        }
        changed_.notify_all();
        shut_down();
        log_->info("stopped address={}", authority_);
        server_log_.finish();
        {
            const live::mutex_lock lock(mutex_);
            phase_ = phase::stopped;
        }
        changed_.notify_all();
    }

    bool is_log_stuck() const { return server_log_.is_stuck(); }

private:
    enum class phase { fresh, running, stopping, stopped };

    /// Lets the inspector see the conversations, and tells it about each change.
    void switch_inspector_on(conversation_options& to) {
        to.app.add(*site_.inspection());
        to.mark_components = true;
        to.on_committed = [this, next = std::move(to.on_committed)](std::string_view id) {
            if (next) next(id);
            live_->publish(http::inspector_topic(id), "[]");
        };
    }

    std::vector<live::executor*> executors() const {
        std::vector<live::executor*> all;
        all.reserve(workers_.size());
        for (const auto& each : workers_)
            all.push_back(each.get());
        return all;
    }

    void stop_conversations() {
        servers_->remove(*live_);
        live_->stop();
    }

    http::worker& next_worker() {
        next_ = (next_ + 1) % workers_.size();
        return *workers_[next_];
    }

    /// Gives a new connection to the next worker. Runs on the thread of the first worker, which
    /// accepts the connections of all workers.
    void add_connection(http::tcp_socket socket) {
        if (connections_ >= max_connections_) return;
        workers_[next_]->add(std::move(socket), http::take_connection_slot(connections_));
    }

    /// Called when too many bytes wait for slow readers. Threads: any. Does not block.
    void close_slow_readers() {
        if (!is_closing_slow_readers_.exchange(true)) close_most_unsent(0, nullptr, 0);
    }

    /// Visits the workers one after the other, finds the connection with the most unsent bytes, and
    /// closes it.
    void close_most_unsent(std::size_t at, http::worker* worst, std::size_t most) {
        if (at < workers_.size()) {
            auto& worker = *workers_[at];
            return worker.post([this, &worker, at, worst, most] {
                const auto unsent = worker.most_unsent();
                const bool is_worse = unsent > most;
                close_most_unsent(at + 1, is_worse ? &worker : worst, is_worse ? unsent : most);
            });
        }
        if (!worst) return is_closing_slow_readers_.store(false);
        worst->post([this, worst] {
            if (site_.unsent.exceeds_limit()) worst->close_most_unsent();
            is_closing_slow_readers_ = false;
            if (site_.unsent.exceeds_limit()) close_slow_readers();
        });
    }

    /// Expires idle conversations and deletes old history. Runs on a thread of its own, because
    /// visiting all conversations takes long.
    void expire() {
        auto next_reap = std::chrono::steady_clock::now() + expiry_interval;
        auto next = next_reap;
        live::mutex_lock lock(mutex_);
        for (;;) {
            while (phase_ == phase::running && changed_.wait_until(lock, next)) {
            }
            if (phase_ != phase::running) return;
            lock.unlock();
            const auto now = std::chrono::steady_clock::now();
            if (now >= next_reap) {
                live_->reap();
                next_reap = now + expiry_interval;
            }
            next = trim_history() > 0 ? now + trim_interval : next_reap;
            lock.lock();
        }
    }

    /// A store that cannot be read must not end the thread. The next call tries again.
    std::size_t trim_history() {
        try {
            return live_->trim_history();
        } catch (const std::exception& error) {
            log_->error("old history was not deleted why={}", quote_for_log(error.what()));
            return 0;
        }
    }

    void shut_down() {
        expiry_thread_.join();
        site_.draining = true;
        std::this_thread::sleep_for(drain_delay_);
        site_.ends_streams = true;
        std::promise<void> closed;
        workers_[0]->post([&] {
            listener_->close();
            closed.set_value();
        });
        closed.get_future().wait();
        for (auto& each : workers_)
            each->drain();
        const auto latest = std::chrono::steady_clock::now() + site_.limits().drain_timeout;
        while (connections_ > 0 && std::chrono::steady_clock::now() < latest) {
            std::this_thread::sleep_for(drain_poll_interval);
        }
        stop_conversations();
        for (auto& each : workers_)
            each->stop();
    }

    http::server_log server_log_;
    const std::shared_ptr<spdlog::logger> log_;
    std::atomic<std::size_t> connections_ = 0;  // accepted and not yet closed
    std::size_t max_connections_ = 0;
    std::atomic<bool> is_closing_slow_readers_ = false;
    const std::chrono::milliseconds drain_delay_;
    const std::shared_ptr<http::server_registry> servers_;
    http::site site_;
    std::vector<std::unique_ptr<http::worker>> workers_;
    std::unique_ptr<http::listener> listener_;
    std::unique_ptr<live::conversation_map> live_;
    std::size_t next_ = 0;
    std::string authority_;
    std::thread expiry_thread_;

    live::mutex mutex_;
    live::condition_variable changed_;
    phase phase_ STUBE_GUARDED_BY(mutex_) = phase::fresh;
};

server::server(const app& site, server_options options, std::unique_ptr<store> storage) {
    if (!site.secrets_.empty()) options.conversations.secrets = site.secrets_;
    impl_ = std::make_unique<impl>(site, std::move(options), std::move(storage));
}

server::~server() = default;

std::uint16_t server::port() const {
    return impl_->port();
}

std::string server::address() const {
    return impl_->address();
}

void server::start_threads() {
    impl_->start_threads();
}

void server::run() {
    impl_->run();
}

void server::publish_text(std::string_view topic, const std::string& message) {
    impl_->publish(topic, message);
}

live::conversation_history server::history() const {
    return impl_->history();
}

void server::stop() {
    impl_->stop();
}

bool server::is_log_stuck() const {
    return impl_->is_log_stuck();
}

}  // namespace stube
