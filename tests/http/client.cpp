#include "http/client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace testing {

namespace {
constexpr auto patience = std::chrono::seconds(20);

std::string lowered(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}
}  // namespace

std::string response::header(std::string_view name) const {
    const auto all = lowered(head);
    const auto at = all.find("\r\n" + std::string(name) + ":");
    if (at == all.npos) return {};
    const auto from = head.find_first_not_of(' ', at + name.size() + 3);
    return head.substr(from, head.find("\r\n", from) - from);
}

client::client(std::uint16_t port, int window)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (window > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
        const int why = errno;
        ::close(socket_);
        throw std::system_error(why, std::generic_category(), "connect");
    }
}

client::~client() {
    ::close(socket_);
}

void client::reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(socket_);
    socket_ = -1;
    closed_ = true;
}

void client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return;  // the server has closed: its response can still be read
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool client::fill(std::chrono::milliseconds time) {
    if (closed_) return false;
    pollfd wait{socket_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(time.count())) <= 0) return false;
    std::array<char, 65536> some;
    const auto size = ::recv(socket_, some.data(), some.size(), 0);
    if (size <= 0) {
        closed_ = true;
        return false;
    }
    read_.append(some.data(), static_cast<std::size_t>(size));
    return true;
}

response client::read_head() {
    response out;
    out.head = read_until("\r\n\r\n");
    out.status = std::atoi(out.head.substr(9, 3).c_str());
    return out;
}

response client::read(bool is_head) {
    auto out = read_head();
    if (is_head || out.status == 204 || out.status == 304 || out.status == 100) return out;
    const auto size = static_cast<std::size_t>(std::atoll(out.header("content-length").c_str()));
    while (read_.size() < size) {
        if (!fill(patience)) throw std::runtime_error("the body is cut short: " + read_);
    }
    out.body = read_.substr(0, size);
    read_.erase(0, size);
    return out;
}

std::string client::read_until(std::string_view text) {
    for (;;) {
        const auto at = read_.find(text);
        if (at != read_.npos) {
            auto out = read_.substr(0, at + text.size());
            read_.erase(0, out.size());
            return out;
        }
        if (!fill(patience))
            throw std::runtime_error("did not come: " + std::string(text) + " in: " + read_);
    }
}

std::string client::read_some() {
    if (read_.empty()) fill(patience);
    return std::exchange(read_, {});
}

std::string client::read_to_end() {
    while (fill(patience)) {
    }
    if (!closed_) throw std::runtime_error("the server did not close: " + read_);
    return std::move(read_);
}

bool client::is_closed_within(std::chrono::milliseconds time) {
    return read_.empty() && !fill(time) && closed_;
}

bool client::receives_within(std::chrono::milliseconds time) {
    return !read_.empty() || fill(time);
}

std::string get(std::string_view target, std::string_view headers) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a.test\r\n" + std::string(headers) +
           "\r\n";
}

}  // namespace testing
