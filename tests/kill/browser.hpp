// One browser of one user: a cookie, connections, and requests as the script of a page sends them.
#pragma once

#include "bench/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kill_test {

/// Thrown when a connection ends before the response is complete, and for responses that mean the
/// same.
struct server_gone {};

struct answer {
    int status = 0;
    std::string head;
    std::string body;
};

/// A connection to 127.0.0.1. Every operation waits for a bounded time only, and then throws
/// std::runtime_error.
class connection {
public:
    explicit connection(std::uint16_t port);
    connection(connection&& other) noexcept;
    connection& operator=(connection&& other) noexcept;
    ~connection();

    void send(std::string_view bytes);

    /// Reads the whole of the next response.
    answer receive();

    /// Reads only the head of the next response. `take_available` reads the body.
    answer receive_head();

    /// Appends the bytes that have arrived, without waiting. Returns false if the connection has
    /// ended.
    bool take_available(std::string& into);

private:
    void receive_some();

    int fd_ = -1;
    std::string received_;
};

/// The messages of an event stream that has been opened.
class event_stream {
public:
    event_stream(connection on, bool is_chunked) : on_(std::move(on)), is_chunked_(is_chunked) {}

    /// Returns the data of the messages that have arrived, without waiting.
    std::vector<std::string> take_available();

private:
    connection on_;
    bool is_chunked_;
    bench::chunk_reader chunks_;
    bench::sse_reader messages_;
};

/// An event, which can be sent more than once.
struct event {
    std::string id;  ///< 16 lower-case hex digits
    std::string address;
    std::string body;
};

class browser {
public:
    /// Switches to the server that listens on the port now. Closes connections to an earlier
    /// server.
    void meet(std::uint16_t port);

    void leave();

    answer get(const std::string& address);

    answer send(const event& what);

    /// Sends the same event on two connections at once. Returns one or two responses; throws
    /// server_gone if neither arrives completely.
    std::vector<answer> send_twice(const event& what);

    event_stream open_stream(const std::string& address);

private:
    std::string common_headers() const;
    std::string post(const event& what) const;
    answer exchange(std::optional<connection>& on, const std::string& request);
    answer receive(std::optional<connection>& on);

    std::uint16_t port_ = 0;
    std::string cookie_;
    std::optional<connection> first_;
    std::optional<connection> second_;
};

}  // namespace kill_test
