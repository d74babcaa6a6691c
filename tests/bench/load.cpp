#include "load.hpp"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

using steady = std::chrono::steady_clock;

constexpr auto patience = std::chrono::seconds(10);
constexpr std::size_t max_page = 4 << 20;
std::atomic<bool> stopped = false;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string origin(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

/// The headers that Chromium sends with every request, without those that differ by request.
constexpr std::string_view browser =
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n";

std::string host(std::uint16_t port) {
    return "Host: 127.0.0.1:" + std::to_string(port) + "\r\nConnection: keep-alive\r\n";
}

std::string conversation_of(const std::string& stream) {
    const auto path = stream.substr(0, stream.find('?'));
    return path.substr(path.rfind('/') + 1);
}

constexpr std::string_view event_id_name = "Stube-Event-Id: ";
constexpr std::size_t event_id_size = 16;
constexpr std::size_t page_id_size = 10;
constexpr unsigned page_id_shift = 24;  // in an event id

std::string event_request(const page& opened, std::uint16_t port) {
    const auto address = origin(port) + "/counter?c=" + conversation_of(opened.stream);
    std::string text = "POST " + opened.event + " HTTP/1.1\r\n" + host(port);
    text += "Content-Length: 0\r\nHX-Request: true\r\nHX-Source: button\r\n";
    text += "HX-Current-URL: " + address + "\r\n";
    text.append(event_id_name).append(event_id_size, '0').append("\r\n").append(browser);
    text += "Accept: text/html\r\n"
            "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n";
    text += "Origin: " + origin(port) + "\r\n";
    text += "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n";
    text += "Referer: " + address + "\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n";
    return text + "Cookie: " + opened.cookie + "\r\n\r\n";
}

/// Lower-case hex digits, in place.
void write_hex(char* at, std::size_t digits, std::uint64_t value) {
    for (std::size_t digit = digits; digit-- > 0; value >>= 4) {
        at[digit] = "0123456789abcdef"[value & 15];
    }
}

/// ">7<" for 7.
class shown_value {
public:
    explicit shown_value(std::uint64_t value) {
        text_[0] = '>';
        end_ = std::to_chars(text_.data() + 1, text_.data() + text_.size() - 1, value).ptr;
        *end_++ = '<';
    }

    std::string_view text() const {
        return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
    }

private:
    std::array<char, 24> text_;
    char* end_;
};

[[noreturn]] void refuse(const std::string& what, std::string_view got) {
    throw std::runtime_error(what + ", got: " + std::string(got.substr(0, 600)));
}

}  // namespace

void stop_all_loads() {
    stopped = true;
}

socket_handle::socket_handle(std::uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{std::chrono::seconds(patience).count(), 0};
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int why = errno;
        ::close(fd_);
        throw std::system_error(why, std::generic_category(), "connect");
    }
}

socket_handle::socket_handle(socket_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

socket_handle::~socket_handle() {
    if (fd_ >= 0) ::close(fd_);
}

void socket_handle::write(std::string_view bytes) const {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("send: cut short");
}

void socket_handle::read(std::string& bytes) const {
    std::array<char, 16384> part;
    const auto size = ::recv(fd_, part.data(), part.size(), 0);
    if (size < 0) fail("recv");
    if (size == 0) refuse("the server closed a connection", bytes);
    bytes.append(part.data(), static_cast<std::size_t>(size));
}

page mint(const socket_handle& connection, std::uint16_t port) {
    if (stopped) throw std::runtime_error("interrupted");
    std::string request = "GET /counter HTTP/1.1\r\n" + host(port);
    request.append(browser).append("Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Site: none\r\n");
    request += "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n";
    connection.write(request);

    std::string text;
    answer_head head;
    while (head.size == 0) {
        connection.read(text);
        head = read_head(text);
    }
    if (head.status != 200) refuse("GET /counter must answer 200", text);
    std::string body;
    std::string part = text.substr(head.size);
    chunk_reader chunks;
    while (body.size() < max_page) {
        if (head.chunked) {
            chunks.feed(part, body);
            if (chunks.done()) break;
        } else {
            body += part;
            if (body.size() >= head.content_length) break;
        }
        part.clear();
        connection.read(part);
    }
    return read_page(text.substr(0, head.size), body);
}

std::string
attach(const socket_handle& connection, const page& opened, std::uint64_t id, std::uint16_t port) {
    std::string page_id(page_id_size, '0');
    write_hex(page_id.data(), page_id_size, id);
    std::string request = "GET " + opened.stream + " HTTP/1.1\r\n" + host(port);
    request += "Stube-Page: " + page_id + "\r\n";
    request.append(browser).append("Accept: text/html, text/event-stream\r\nHX-Request: true\r\n");
    request += "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n";
    connection.write(request + "Cookie: " + opened.cookie + "\r\n\r\n");

    std::string text;
    answer_head head;
    while (head.size == 0) {
        connection.read(text);
        head = read_head(text);
    }
    const auto type = header_value(std::string_view(text).substr(0, head.size), "content-type");
    if (head.status != 200 || !head.chunked || !type.starts_with("text/event-stream")) {
        refuse("a stream must answer 200, text/event-stream, chunked", text);
    }
    return text.substr(head.size);
}

/// The counts of one run, and its end.
struct load::progress {
    std::size_t to_send;
    std::size_t in_flight = 0;
    steady::time_point start = steady::now();
    steady::time_point deadline;
    steady::time_point last_moved = start;
    load_result result;

    explicit progress(const load_limits& limits)
        : to_send(limits.events), deadline(start + limits.time) {
        result.latencies.reserve(limits.events);
    }
};

struct load::client {
    client(std::uint16_t port, std::uint64_t first_event, patch_place expected)
        : events(port), stream(port), place(expected), next_event(first_event) {
        const auto opened = mint(events, port);
        request = event_request(opened, port);
        event_id = request.find(event_id_name) + event_id_name.size();
        on_stream(attach(stream, opened, first_event >> page_id_shift, port));
    }

    void on_stream(std::string_view bytes) {
        decoded.clear();
        chunks.feed(bytes, decoded);
        messages.feed(decoded, [&](std::string_view data) { on_message(data); });
        if (chunks.done()) throw std::runtime_error("the server ended a stream");
    }

    void on_message(std::string_view data) {
        // A stream may open with a full render of what the page shows already.
        if (!patched_once && data.find(shown_value(0).text()) != data.npos) return;
        if (place == patch_place::in_response) refuse("a patch that was in a response", data);
        on_patch(data);
    }

    void on_patch(std::string_view data) {
        if (patched) refuse("a patch that no event asked for", data);
        if (data.find(shown_value(value).text()) == data.npos) {
            refuse("a patch must show the value " + std::to_string(value), data);
        }
        patched = patched_once = true;
    }

    void on_answer(std::string_view bytes) {
        answer.append(bytes);
        const auto head = read_head(answer);
        if (head.size == 0) return;
        if (answered) refuse("an answer that no event asked for", answer);
        const bool has_patch = place == patch_place::in_response;
        if (head.status != (has_patch ? 200 : 204)) refuse("an answer with a wrong status", answer);
        if (answer.size() < head.size + head.content_length) return;
        if (answer.size() > head.size + head.content_length)
            refuse("an answer must end where it ends", answer);
        if (has_patch) on_patch(std::string_view(answer).substr(head.size));
        answer.clear();
        answered = true;
    }

    socket_handle events;
    socket_handle stream;
    const patch_place place;
    std::string request;
    std::size_t event_id = 0;  // its position in the request
    std::uint64_t next_event;
    std::string answer;
    chunk_reader chunks;
    std::string decoded;
    sse_reader messages;
    std::uint64_t value = 0;
    bool answered = true;
    bool patched = true;
    bool patched_once = false;
    steady::time_point sent;
};

load::load(std::uint16_t port, std::size_t clients, patch_place expected)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail("epoll_create1");
    try {
        for (std::size_t i = 0; i < clients; ++i) {
            clients_.push_back(std::make_unique<client>(port, std::uint64_t{i + 1} << 40, expected)
            );
            watch(i, false);
            watch(i, true);
        }
    } catch (...) {
        ::close(epoll_);
        throw;
    }
}

load::~load() {
    ::close(epoll_);
}

void load::watch(std::size_t index, bool stream) const {
    const auto& watched = *clients_[index];
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index * 2 + (stream ? 1 : 0);
    const int fd = stream ? watched.stream.get() : watched.events.get();
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void load::send_next(client& sender, progress& now) {
    sender.sent = steady::now();
    now.last_moved = sender.sent;
    if (now.to_send == 0 || sender.sent > now.deadline) return;
    --now.to_send;
    ++now.in_flight;
    ++sender.value;
    sender.answered = sender.patched = false;
    write_hex(sender.request.data() + sender.event_id, event_id_size, sender.next_event++);
    sender.events.write(sender.request);
}

void load::receive(client& receiver, bool stream, progress& now) {
    std::array<char, 16384> part;
    const int fd = stream ? receiver.stream.get() : receiver.events.get();
    const auto size = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) fail("recv");
    if (size == 0) throw std::runtime_error("the server closed a connection");
    const std::string_view bytes(part.data(), static_cast<std::size_t>(size));
    const bool was_done = receiver.answered && receiver.patched;
    if (stream) {
        receiver.on_stream(bytes);
    } else {
        receiver.on_answer(bytes);
    }
    if (was_done || !receiver.answered || !receiver.patched) return;
    --now.in_flight;
    ++now.result.events;
    const auto took = (steady::now() - receiver.sent).count();
    constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
    now.result.latencies.push_back(static_cast<std::uint32_t>(std::min(took, longest)));
    send_next(receiver, now);
}

load_result load::run(const load_limits& limits) {
    progress now(limits);
    for (auto& each : clients_)
        send_next(*each, now);
    std::array<epoll_event, 256> ready;
    while (now.in_flight > 0) {
        const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 500);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        if (stopped) throw std::runtime_error("interrupted");
        if (count == 0 && steady::now() - now.last_moved > patience) {
            throw std::runtime_error(
                std::to_string(now.in_flight) + " events had no answer or no patch in ten seconds"
            );
        }
        for (int i = 0; i < count; ++i) {
            const auto key = ready[static_cast<std::size_t>(i)].data.u64;
            receive(*clients_[key / 2], key % 2 == 1, now);
        }
    }
    now.result.time = steady::now() - now.start;
    return std::move(now.result);
}

}  // namespace bench
