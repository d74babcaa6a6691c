#include "http/transport/listener.hpp"

#include <stdexcept>
#include <system_error>
#include <utility>

namespace stube::http {

namespace {

/// The pause after a failed accept. The process is most likely out of descriptors.
constexpr auto pause_after_failure = std::chrono::milliseconds(100);

[[noreturn]] void throw_failed(error_code why, const std::string& authority) {
    throw std::system_error(why.value(), std::system_category(), "cannot listen on " + authority);
}

std::string to_authority(const tcp::endpoint& at) {
    const auto text = at.address().to_string();
    return (at.address().is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(at.port());
}

}  // namespace

listener::listener(asio::io_context& context, const std::string& address, std::uint16_t port)
    : acceptor_(context), pause_(context) {
    error_code failed;
    const auto parsed = asio::ip::make_address(address, failed);
    if (failed) throw std::invalid_argument("stube: no address to listen on: " + address);
    const tcp::endpoint at(parsed, port);
    acceptor_.open(at.protocol(), failed);
    if (!failed) acceptor_.set_option(tcp_acceptor::reuse_address(true), failed);
    if (!failed) acceptor_.bind(at, failed);
    if (failed) throw_failed(failed, to_authority(at));
    port_ = acceptor_.local_endpoint().port();
}

std::string listener::authority() const {
    return to_authority(acceptor_.local_endpoint());
}

void listener::listen() {
    error_code failed;
    acceptor_.listen(tcp_acceptor::max_listen_connections, failed);
    if (failed) throw_failed(failed, authority());
}

void listener::accept(choose_context choose, take_socket take) {
    choose_ = std::move(choose);
    take_ = std::move(take);
    accept_next();
}

void listener::accept_next() {
    acceptor_.async_accept(choose_(), [this](error_code failed, tcp_socket socket) {
        if (!acceptor_.is_open()) return;
        if (!failed) {
            take_(std::move(socket));
            return accept_next();
        }
        pause_.expires_after(pause_after_failure);
        pause_.async_wait([this](error_code cancelled) {
            if (!cancelled && acceptor_.is_open()) accept_next();
        });
    });
}

void listener::close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

}  // namespace stube::http
