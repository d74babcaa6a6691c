// One browser of one user: a cookie, its connections, requests as the script of a page sends them.
#pragma once

#include "bench/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kill_test {

/// Thrown when a connection ended before the answer was complete, and for answers that mean the
/// same.
struct server_gone {};

struct answer {
    int status = 0;
    std::string head;
    std::string body;
};

/// A connection to 127.0.0.1. Waits for a bounded time; what takes longer throws
/// std::runtime_error.
class connection {
public:
    explicit connection(std::uint16_t port);
    connection(connection&& other) noexcept;
    connection& operator=(connection&& other) noexcept;
    ~connection();

    void send(std::string_view bytes);

    /// The next answer, whole.
    answer receive();

    /// The next answer's head alone; the body is read with `take_available`.
    answer receive_head();

    /// What has arrived, without waiting. False if nothing more will come.
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

    /// The data of the messages that have arrived, without waiting.
    std::vector<std::string> take_available();

private:
    connection on_;
    bool is_chunked_;
    bench::chunk_reader chunks_;
    bench::sse_reader messages_;
};

/// An event as it is sent, and sent again.
struct event {
    std::string id;  ///< 16 lower-case hex digits
    std::string address;
    std::string body;
};

class browser {
public:
    /// Begins with the server that listens there now; connections to an earlier one are closed.
    void meet(std::uint16_t port);

    void leave();

    answer get(const std::string& address);

    answer send(const event& what);

    /// The same event on two connections at once. One complete answer is enough.
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
