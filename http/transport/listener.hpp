#pragma once

#include "http/transport/net.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace stube::http {

/// Listens on the server's port and accepts connections.
/// Threads: the constructor, `listen` and `port` may be used before the thread of its context runs;
/// the rest only on that thread.
class listener {
public:
    /// Binds the port; clients cannot connect yet. Throws std::system_error if the port cannot be
    /// bound, and std::invalid_argument if `address` is not an IP address.
    listener(asio::io_context& context, const std::string& address, std::uint16_t port);

    std::uint16_t port() const { return port_; }

    /// "127.0.0.1:8080", "[::1]:8080"
    std::string authority() const;

    /// Throws std::system_error if another process listens on the port already.
    void listen();

    /// Returns the context of the next connection.
    using choose_context = std::function<asio::io_context&()>;

    /// Receives each new connection.
    using take_socket = std::function<void(tcp_socket)>;

    void accept(choose_context choose, take_socket take);

    void close();

private:
    void accept_next();

    tcp_acceptor acceptor_;
    steady_timer pause_;
    std::uint16_t port_ = 0;
    choose_context choose_;
    take_socket take_;
};

}  // namespace stube::http
