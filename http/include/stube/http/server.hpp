#pragma once

#include <stube/http/app.hpp>
#include <stube/http/options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stube {

/// One running site, for tests and for programs with a main loop of their own; `app::start` uses
/// it. A process can run several servers. Threads: every member may be called from any thread,
/// except that `stop` must not be called from a thread of the server itself.
class server {
public:
    /// Binds the port and loads the store. Accepts no connections yet. Throws `store_refused` if
    /// the store cannot be read, std::system_error if the port cannot be bound,
    /// std::invalid_argument for invalid options, and std::logic_error if two components have the
    /// same name.
    server(
        const app& site,
        server_options options,
        std::unique_ptr<store> storage = memory_store()
    );
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();  ///< calls `stop`

    std::uint16_t port() const;

    /// "http://127.0.0.1:8080/", with the base path.
    std::string address() const;

    /// Starts to accept connections and returns. Throws std::system_error if another process has
    /// taken the port, and std::logic_error if the server was started before.
    void start_threads();

    /// Calls `start_threads`, and returns when the server has stopped.
    void run();

    /// Publishes `value` to every component that is subscribed to the topic, in all conversations
    /// of this server; see `app::publish`.
    template <class T>
    void publish(std::string_view topic, const T& value) {
        publish_text(topic, detail::one_argument(value));
    }

    /// The history of this server's conversations; see `app::history`.
    live::conversation_history history() const;

    /// Finishes the requests in progress, saves all accepted changes and closes all connections.
    /// Idempotent.
    void stop();

    /// After `stop`: true if some lines of the log could not be written within a second, because
    /// the reader of the log is stuck. A thread of the server then waits for the reader until the
    /// process ends; `exit` may wait as well.
    bool is_log_stuck() const;

private:
    void publish_text(std::string_view topic, const std::string& message);

    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace stube
