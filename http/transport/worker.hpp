#pragma once

#include "http/site/site.hpp"
#include "http/transport/connection_slot.hpp"
#include "http/transport/net.hpp"
#include "http/transport/request_reader.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <spdlog/logger.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace stube::http {

class connection;

/// One thread of the server and everything that belongs to it. A connection stays with its worker
/// for its whole life. The connections share memory, because only one of them runs at a time, and
/// one timer for all deadlines.
///
/// Threads: `start`, `post`, `add`, `drain`, `close_all` and `stop` may be called from any thread,
/// the rest only on the worker's own.
class worker final : public live::executor {
public:
    worker(http::site& site, thread_counts& counts, std::shared_ptr<spdlog::logger> log);
    ~worker() override;

    asio::io_context& context() { return context_; }

    void start();
    void post(std::function<void()> work) override;

    /// Takes over a connection; its socket must belong to `context()`.
    void add(tcp_socket socket, connection_slot slot);

    /// Closes idle connections, and ends streams with a hint to connect again.
    void drain();

    void close_all();

    /// Closes the connections, and returns when the thread has ended.
    void stop();

    /// The unsent bytes of the connection that has the most.
    std::size_t most_unsent() const;

    /// Closes the connection with the most unsent bytes.
    void close_most_unsent();

    // For connections.

    http::site& site() { return site_; }

    thread_counts& counts() { return counts_; }

    spdlog::logger& log() { return *log_; }

    /// The time in ticks of one second; it does not change while a handler runs.
    std::uint32_t now() const { return tick_; }

    /// The first tick at which `timeout` has certainly passed.
    std::uint32_t deadline_after(std::chrono::milliseconds timeout) const;

    const std::string& date() const { return date_; }

    std::string& scratch();
    std::string& output();

    std::unique_ptr<request_reader> take_reader();
    void return_reader(std::unique_ptr<request_reader> reader);

    void enlist(connection& added);
    void delist(connection& closed);

private:
    void run();
    void on_tick();
    void set_date();
    void for_each_connection(void (connection::*action)());
    connection* with_most_unsent() const;

    asio::io_context context_{1};
    asio::executor_work_guard<io_executor> work_;
    steady_timer timer_;
    http::site& site_;
    thread_counts& counts_;
    std::shared_ptr<spdlog::logger> log_;
    std::uint32_t tick_ = 0;
    std::string date_;
    std::string scratch_;
    std::string output_;
    std::vector<std::unique_ptr<request_reader>> readers_;
    std::vector<connection*> connections_;  // `connection::index` is the index
    std::thread thread_;
};

}  // namespace stube::http
