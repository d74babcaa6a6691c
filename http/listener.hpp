#pragma once

#include "http/net.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace stube::http {

/// The port: hands out new connections.
/// Threads: the constructor, `listen` and `port` before its thread runs, the rest that of its
/// context.
class listener {
public:
    /// Takes the port; nobody can connect yet. Throws std::system_error if it cannot be had, and
    /// std::invalid_argument if `address` is none.
    listener(asio::io_context& home, const std::string& address, std::uint16_t port);

    std::uint16_t port() const { return port_; }

    /// "127.0.0.1:8080", "[::1]:8080"
    std::string authority() const;

    /// Throws std::system_error if somebody else was quicker.
    void listen();

    /// Where the next connection will live, and who takes it.
    using choose_context = std::function<asio::io_context&()>;
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
