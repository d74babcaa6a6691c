#include "browser.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace kill_test {

namespace {

constexpr timeval patience{15, 0};

/// The errors of a connection to a process that was killed.
bool is_gone(int error) {
    return error == ECONNREFUSED || error == ECONNRESET || error == EPIPE || error == ECONNABORTED;
}

[[noreturn]] void fail(const char* what) {
    const int error = errno;
    if (is_gone(error)) throw server_gone();
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS) {
        throw std::runtime_error(std::string(what) + ": no progress for 15 s");
    }
    throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

connection::connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd_);
        errno = error;
        fail("connect");
    }
}

connection::connection(connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

connection& connection::operator=(connection&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(received_, other.received_);
    return *this;
}

connection::~connection() {
    if (fd_ >= 0) ::close(fd_);
}

void connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void connection::receive_some() {
    std::array<char, 16384> part;
    const auto size = ::recv(fd_, part.data(), part.size(), 0);
    if (size == 0) throw server_gone();
    if (size < 0) fail("receive");
    received_.append(part.data(), static_cast<std::size_t>(size));
}

answer connection::receive_head() {
    auto head = bench::read_head(received_);
    while (head.size == 0) {
        receive_some();
        head = bench::read_head(received_);
    }
    answer got{head.status, received_.substr(0, head.size), {}};
    received_.erase(0, head.size);
    return got;
}

answer connection::receive() {
    auto got = receive_head();
    const auto head = bench::read_head(got.head);
    if (head.chunked) throw std::runtime_error("a chunked answer was not expected: " + got.head);
    while (received_.size() < head.content_length)
        receive_some();
    got.body = received_.substr(0, head.content_length);
    received_.erase(0, head.content_length);
    return got;
}

bool connection::take_available(std::string& into) {
    into += std::exchange(received_, {});
    for (;;) {
        std::array<char, 16384> part;
        const auto size = ::recv(fd_, part.data(), part.size(), MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
        if (size <= 0) return false;
        into.append(part.data(), static_cast<std::size_t>(size));
    }
}

std::vector<std::string> event_stream::take_available() {
    std::string bytes;
    std::string text;
    std::vector<std::string> got;
    on_.take_available(bytes);
    if (is_chunked_) {
        chunks_.feed(bytes, text);
    } else {
        text = std::move(bytes);
    }
    messages_.feed(text, [&](std::string_view data) { got.emplace_back(data); });
    return got;
}

void browser::meet(std::uint16_t port) {
    leave();
    port_ = port;
}

void browser::leave() {
    first_.reset();
    second_.reset();
}

std::string browser::common_headers() const {
    auto text = " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
    if (!cookie_.empty()) text += "Cookie: " + cookie_ + "\r\n";
    return text;
}

std::string browser::post(const event& what) const {
    return "POST " + what.address + common_headers() +
           "Origin: http://127.0.0.1:" + std::to_string(port_) +
           "\r\nSec-Fetch-Site: same-origin\r\nHX-Request: true\r\n" +
           "Content-Type: application/x-www-form-urlencoded\r\nStube-Event-Id: " + what.id +
           "\r\nContent-Length: " + std::to_string(what.body.size()) + "\r\n\r\n" + what.body;
}

answer browser::receive(std::optional<connection>& on) {
    auto got = on->receive();
    const auto cookie = bench::header_value(got.head, "set-cookie");
    if (cookie.starts_with("stube_session=")) cookie_ = cookie.substr(0, cookie.find(';'));
    if (bench::header_value(got.head, "connection") == "close") on.reset();
    return got;
}

answer browser::exchange(std::optional<connection>& on, const std::string& request) {
    if (!on) on.emplace(port_);
    on->send(request);
    return receive(on);
}

answer browser::get(const std::string& address) {
    return exchange(first_, "GET " + address + common_headers() + "\r\n");
}

answer browser::send(const event& what) {
    return exchange(first_, post(what));
}

std::vector<answer> browser::send_twice(const event& what) {
    if (!first_) first_.emplace(port_);
    if (!second_) second_.emplace(port_);
    std::vector<answer> got;
    first_->send(post(what));
    try {
        second_->send(post(what));
        got.push_back(receive(first_));
    } catch (const server_gone&) {
        // The other connection may have received the response.
    }
    try {
        got.push_back(receive(second_));
    } catch (const server_gone&) {
        if (got.empty()) throw;
    }
    return got;
}

event_stream browser::open_stream(const std::string& address) {
    connection on(port_);
    on.send("GET " + address + common_headers() + "Accept: text/event-stream\r\n\r\n");
    const auto opened = on.receive_head();
    if (opened.status == 503) throw server_gone();
    if (opened.status != 200) throw std::runtime_error("no stream: " + opened.head);
    return {std::move(on), bench::read_head(opened.head).chunked};
}

}  // namespace kill_test
