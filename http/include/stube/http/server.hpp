#pragma once

#include <stube/http/app.hpp>
#include <stube/http/options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stube {

/// One running site, for tests and for programs that have a main loop of their own; `app::start` is
/// built on it. Several run in one process. Threads: each member may be called from any thread,
/// `stop` not from a thread of the server itself.
class server {
public:
    /// Takes the port and loads the store; nothing is answered yet. Throws `store_refused` if the
    /// store cannot be read, std::system_error if the port cannot be had, std::invalid_argument for
    /// options that make no sense, std::logic_error if two components claim one name.
    server(
        const app& site,
        server_options options,
        std::unique_ptr<store> storage = memory_store()
    );
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();  ///< stops

    std::uint16_t port() const;

    /// "http://127.0.0.1:8080/", with the base path.
    std::string address() const;

    /// Begins to accept and returns. Throws std::system_error if the port is taken after all.
    void start_threads();

    /// Serves until `stop` is called and done.
    void run();

    /// Tells every component that is subscribed to the topic, in all conversations of this server;
    /// see `app::publish`.
    template <class T>
    void publish(std::string_view topic, const T& value) {
        publish_text(topic, detail::one_argument(value));
    }

    /// Finishes what is under way, saves everything accepted, closes all. Idempotent.
    void stop();

    /// After `stop`: true if some lines of the log could not be written within a second, because
    /// whoever reads them stands still. A thread of the server goes on waiting for that until the
    /// process ends; `exit` may wait as well.
    bool is_log_stuck() const;

private:
    void publish_text(std::string_view topic, const std::string& message);

    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace stube
