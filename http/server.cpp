#include "http/listener.hpp"
#include "http/site.hpp"
#include "http/switchboard.hpp"
#include "http/worker.hpp"

#include <stube/http/server.hpp>

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace stube {

namespace {

constexpr auto reap_interval = std::chrono::seconds(10);
constexpr auto drain_look = std::chrono::milliseconds(2);

std::size_t thread_count(const server_options& options) {
    return options.threads > 0 ? options.threads
                               : std::max(1u, std::thread::hardware_concurrency());
}

void refuse_clashes() {
    const auto clashing = clashing_components();
    if (clashing.empty()) return;
    throw std::logic_error("stube: two components have the name " + clashing.front());
}

}  // namespace

class server::impl {
public:
    impl(const app& from, server_options options, std::unique_ptr<store> storage)
        : log_(options.live.logger ? options.live.logger : spdlog::default_logger()),
          drain_delay_(options.drain_delay),
          servers_(from.servers_),
          site_(from, options) {
        refuse_clashes();
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
        options.live.app = from.object_;
        options.live.app_type = from.object_type_;
        if (!storage->keeps())
            log_->warn("the store keeps nothing: conversations end with this process");
        live_ = std::make_unique<live_map>(std::move(storage), std::move(options.live));
        site_.live = live_.get();
        live_->use(runners());
        live_->load();
        servers_->add(*live_);
    }

    ~impl() { stop(); }

    std::uint16_t port() const { return listener_->port(); }

    void publish(std::string_view topic, const std::string& message) {
        live_->publish(topic, message);
    }

    std::string address() const { return "http://" + authority_ + site_.base_path() + "/"; }

    void start_threads() {
        std::lock_guard lock(mutex_);
        if (phase_ != phase::fresh) throw std::logic_error("stube: the server was started before");
        listener_->listen();
        phase_ = phase::running;
        listener_->accept(
            [this]() -> boost::asio::io_context& { return next_worker().context(); },
            [this](http::tcp_socket socket) { take(std::move(socket)); }
        );
        for (auto& each : workers_)
            each->start();
        housekeeper_ = std::thread([this] { keep_house(); });
        log_->info(
            "serving address={} threads={} conversations={}",
            authority_,
            workers_.size(),
            live_->size()
        );
    }

    void run() {
        start_threads();
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return phase_ == phase::stopped; });
    }

    void stop() {
        {
            std::unique_lock lock(mutex_);
            if (phase_ == phase::stopping)
                changed_.wait(lock, [this] { return phase_ == phase::stopped; });
            if (phase_ == phase::stopped) return;
            if (std::exchange(phase_, phase::stopping) == phase::fresh) {
                stop_live();
                phase_ = phase::stopped;
                return;
            }
        }
        changed_.notify_all();
        shut_down();
        {
            std::lock_guard lock(mutex_);
            phase_ = phase::stopped;
        }
        changed_.notify_all();
        log_->info("stopped address={}", authority_);
    }

private:
    enum class phase { fresh, running, stopping, stopped };

    std::vector<runner*> runners() const {
        std::vector<runner*> all;
        all.reserve(workers_.size());
        for (const auto& each : workers_)
            all.push_back(each.get());
        return all;
    }

    void stop_live() {
        servers_->remove(*live_);
        live_->stop();
    }

    http::worker& next_worker() {
        next_ = (next_ + 1) % workers_.size();
        return *workers_[next_];
    }

    /// On the thread of the first worker, which accepts for all of them, in turn.
    void take(http::tcp_socket socket) {
        if (open_connections() >= site_.limits().max_connections) return;
        workers_[next_]->add(std::move(socket));
    }

    std::size_t open_connections() {
        std::int64_t open = 0;
        for (std::size_t at = 0; at < workers_.size(); ++at) {
            open += site_.counts.of_thread(at).connections.get();
        }
        return static_cast<std::size_t>(std::max<std::int64_t>(open, 0));
    }

    /// Gives up what nobody uses. A thread of its own, because looking at everything takes its
    /// time.
    void keep_house() {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, reap_interval, [this] { return phase_ != phase::running; })
        ) {
            lock.unlock();
            live_->reap();
            lock.lock();
        }
    }

    void shut_down() {
        housekeeper_.join();
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
        wait_for_workers();
        while (open_connections() > 0 && std::chrono::steady_clock::now() < latest) {
            std::this_thread::sleep_for(drain_look);
        }
        stop_live();
        for (auto& each : workers_)
            each->stop();
    }

    /// Until each has done what was posted to it: connections on their way to a worker are there
    /// then.
    void wait_for_workers() {
        for (auto& each : workers_) {
            std::promise<void> passed;
            each->post([&] { passed.set_value(); });
            passed.get_future().wait();
        }
    }

    std::shared_ptr<spdlog::logger> log_;
    const std::chrono::milliseconds drain_delay_;
    const std::shared_ptr<http::switchboard> servers_;
    http::site site_;
    std::vector<std::unique_ptr<http::worker>> workers_;
    std::unique_ptr<http::listener> listener_;
    std::unique_ptr<live_map> live_;
    std::size_t next_ = 0;
    std::string authority_;
    std::thread housekeeper_;

    std::mutex mutex_;
    std::condition_variable changed_;
    phase phase_ = phase::fresh;
};

server::server(const app& site, server_options options, std::unique_ptr<store> storage)
    : impl_(std::make_unique<impl>(site, std::move(options), std::move(storage))) {}

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

void server::stop() {
    impl_->stop();
}

}  // namespace stube
