// The floor: the least that "a POST, answered with a patch, while a stream is open" costs with bare
// Boost.Beast. With --on-stream, the patch goes to the stream: two sends for each event.
//
// It speaks the gallery's protocol, so that one load client measures both, and does nothing else:
//
//   GET  /counter                     a page naming the two addresses below, and a session cookie
//   GET  /stube/stream/<n>            the client's text/event-stream, chunked, open for good
//   POST /stube/event/<n>/i1/inc      counts, and answers with about 200 bytes; with --on-stream,
//                                     writes them to the stream and answers 204
//
// It is kept lean by concrete executor types, callbacks, no timer, a request's fields in an arena
// that lives as long as its connection, responses formatted in advance, and writes that go straight
// to the socket. A peer that does not read fast enough is disconnected. A real server may not do
// that, a floor may.
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using error_code = boost::system::error_code;
using tcp = asio::ip::tcp;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, executor>;

constexpr std::size_t arena_size = 8192;
constexpr std::size_t read_size = 4096;
constexpr std::size_t max_conversations = 1'000'000;

/// Memory for the fields of one request at a time: allocated in sequence, released all at once.
struct arena {
    alignas(std::max_align_t) std::array<std::byte, arena_size> bytes;
    std::size_t used = 0;

    void* take(std::size_t size) {
        constexpr std::size_t step = alignof(std::max_align_t);
        size = (size + step - 1) / step * step;
        if (size > bytes.size() - used) throw std::bad_alloc();
        return bytes.data() + std::exchange(used, used + size);
    }
};

template <class T>
struct arena_allocator {
    using value_type = T;
    arena* from;

    explicit arena_allocator(arena* source) : from(source) {}

    template <class U>
    arena_allocator(const arena_allocator<U>& other) : from(other.from) {}

    T* allocate(std::size_t count) { return static_cast<T*>(from->take(count * sizeof(T))); }

    void deallocate(T*, std::size_t) {}

    template <class U>
    bool operator==(const arena_allocator<U>& other) const {
        return from == other.from;
    }
};

using request_parser = http::request_parser<http::empty_body, arena_allocator<char>>;

class connection;

struct conversation {
    std::uint64_t value = 0;
    connection* stream = nullptr;
};

/// The state that all connections share. Threads: one.
struct site {
    std::deque<conversation> conversations;
    bool sends_on_stream = false;
    std::uint64_t patches = 0;
    std::uint64_t faulty_patch = 0;  // the n-th patch carries a wrong value; 0: no patch
};

constexpr std::string_view no_content = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view stream_head = "HTTP/1.1 200 OK\r\n"
                                         "Content-Type: text/event-stream\r\n"
                                         "Cache-Control: no-store\r\n"
                                         "Transfer-Encoding: chunked\r\n\r\n";

/// One patch: `patch_begin`, the value, `patch_end`.
constexpr std::string_view patch_begin =
    "<hx-morph of=\"i1\"><template>"
    "<div id=\"i1\" class=\"counter\"><button>-</button><output aria-live=\"polite\">";
constexpr std::string_view patch_end = "</output><button>+</button></div></template></hx-morph>";

/// A response with one patch: `response_begin`, the revision, `response_length`, the size, and the
/// patch.
constexpr std::string_view response_begin =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nStube-Revision: ";
constexpr std::string_view response_length = "\r\nContent-Length: ";

/// Appends to a fixed buffer that is known to be large enough.
struct appender {
    char* at;
    char* end;

    void text(std::string_view s) { at = std::copy(s.begin(), s.end(), at); }

    void number(std::uint64_t n) { at = std::to_chars(at, end, n).ptr; }
};

/// One accepted connection, owned by the handler of its only pending operation, a read.
class connection {
public:
    using pointer = std::unique_ptr<connection>;

    connection(tcp_socket socket, site& shared) : socket_(std::move(socket)), shared_(shared) {}

    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    ~connection() {
        if (streams_ && streams_->stream == this) streams_->stream = nullptr;
    }

    static void read(pointer self) {
        connection& me = *self;
        if (!me.parser_) me.prepare();
        const auto space = me.buffer_.prepare(read_size);
        me.socket_.async_read_some(
            space,
            [self = std::move(self)](error_code failed, std::size_t size) mutable {
                if (failed) return;
                self->buffer_.commit(size);
                if (!self->consume()) return;
                self->streams_ ? idle(std::move(self)) : read(std::move(self));
            }
        );
    }

private:
    /// Waits for the end of a stream, without the memory that only reading needs.
    static void idle(pointer self) {
        connection& me = *self;
        me.parser_.reset();
        me.fields_.reset();
        me.buffer_ = {};
        me.socket_.async_wait(tcp_socket::wait_read, [self = std::move(self)](error_code) {});
    }

    void prepare() {
        parser_.reset();
        if (!fields_) fields_ = std::make_unique<arena>();
        fields_->used = 0;
        parser_.emplace(
            std::piecewise_construct,
            std::make_tuple(),
            std::make_tuple(arena_allocator<char>(fields_.get()))
        );
        parser_->eager(true);
    }

    /// Handles every complete request in the buffer. False when the connection is to be closed.
    bool consume() {
        while (buffer_.size() > 0) {
            error_code failed;
            buffer_.consume(parser_->put(buffer_.data(), failed));
            if (failed == http::error::need_more) return true;
            if (failed) return false;
            if (!parser_->is_done()) continue;
            if (!answer(parser_->get().method(), parser_->get().target())) return false;
            prepare();
        }
        return true;
    }

    bool answer(http::verb method, std::string_view target) {
        constexpr std::string_view event = "/stube/event/";
        constexpr std::string_view stream = "/stube/stream/";
        if (method == http::verb::post && target.starts_with(event)) {
            return count(find(target.substr(event.size())));
        }
        if (method == http::verb::get && target.starts_with(stream)) {
            return open_stream(find(target.substr(stream.size())));
        }
        if (method == http::verb::get && target == "/counter") return mint();
        return write(not_found);
    }

    conversation* find(std::string_view id) const {
        std::size_t index = 0;
        const auto parsed = std::from_chars(id.data(), id.data() + id.size(), index);
        if (parsed.ec != std::errc() || index >= shared_.conversations.size()) return nullptr;
        return &shared_.conversations[index];
    }

    bool count(conversation* target) {
        if (!target || !target->stream) return write(not_found);
        ++target->value;
        if (!shared_.sends_on_stream) return respond_with_patch(target->value);
        if (!target->stream->write_patch(target->value)) {
            error_code ignored;
            target->stream->socket_.close(ignored);
        }
        return write(no_content);
    }

    /// The value in the next patch.
    std::uint64_t value_to_show(std::uint64_t value) {
        return ++shared_.patches == shared_.faulty_patch ? value + 1 : value;
    }

    bool respond_with_patch(std::uint64_t value) {
        std::array<char, 20> digits;
        const auto text_of = [&](std::uint64_t number) {
            return std::string_view(
                digits.data(),
                std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr
            );
        };
        response_.assign(response_begin).append(text_of(value)).append(response_length);
        const auto shown = value_to_show(value);
        const auto size = patch_begin.size() + text_of(shown).size() + patch_end.size();
        response_.append(text_of(size)).append("\r\n\r\n");
        response_.append(patch_begin).append(text_of(shown)).append(patch_end);
        return write(response_);
    }

    bool write_patch(std::uint64_t value) {
        // Four digits of chunk size are reserved in front and filled in when the size is known.
        constexpr std::size_t front = 6;
        std::array<char, 512> chunk;
        appender out{chunk.data() + front, chunk.data() + chunk.size()};
        out.text("id: ");
        out.number(value);
        out.text("\ndata: ");
        out.text(patch_begin);
        out.number(value_to_show(value));
        out.text(patch_end);
        out.text("\n\n");
        auto size = static_cast<std::size_t>(out.at - chunk.data()) - front;
        out.text("\r\n");
        for (std::size_t digit = 4; digit-- > 0; size /= 16) {
            chunk[digit] = "0123456789abcdef"[size % 16];
        }
        chunk[4] = '\r';
        chunk[5] = '\n';
        return write({chunk.data(), static_cast<std::size_t>(out.at - chunk.data())});
    }

    bool open_stream(conversation* target) {
        if (!target) return write(not_found);
        streams_ = target;
        target->stream = this;
        return write(stream_head);
    }

    bool mint() {
        if (shared_.conversations.size() >= max_conversations) return false;
        const auto id = std::to_string(shared_.conversations.size());
        shared_.conversations.emplace_back();
        const auto body = "<!doctype html><div data-stream=\"/stube/stream/" + id +
                          "?rev=0\"></div><button formaction=\"/stube/event/" + id +
                          "/i1/inc\">+</button>";
        return write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: stube_session=s" + id +
            "; HttpOnly\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body
        );
    }

    bool write(std::string_view bytes) {
        error_code failed;
        const auto sent = socket_.write_some(asio::buffer(bytes), failed);
        return !failed && sent == bytes.size();
    }

    tcp_socket socket_;
    site& shared_;
    conversation* streams_ = nullptr;
    std::string response_;  // its memory is reused
    beast::flat_buffer buffer_;
    std::unique_ptr<arena> fields_;
    std::optional<request_parser> parser_;
};

void accept(tcp_acceptor& acceptor, site& shared) {
    acceptor.async_accept([&](error_code failed, tcp_socket socket) {
        if (failed) return;
        socket.set_option(tcp::no_delay(true), failed);
        socket.non_blocking(true, failed);
        connection::read(std::make_unique<connection>(std::move(socket), shared));
        accept(acceptor, shared);
    });
}

void serve(bool sends_on_stream, std::uint64_t faulty_patch) {
    site shared;  // outlives the connections, which die with the context
    shared.sends_on_stream = sends_on_stream;
    shared.faulty_patch = faulty_patch;
    asio::io_context context{1};
    tcp_acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    accept(acceptor, shared);
    std::printf("listening on http://127.0.0.1:%u/\n", unsigned{acceptor.local_endpoint().port()});
    std::fflush(stdout);
    context.run();
}

}  // namespace

int main(int count, char** words) try {
    // --fault <n>: the n-th patch is wrong, to show that the load client notices.
    bool sends_on_stream = false;
    std::uint64_t faulty_patch = 0;
    for (int at = 1; at < count; ++at) {
        const std::string_view word = words[at];
        if (word == "--on-stream") {
            sends_on_stream = true;
        } else if (word == "--fault" && at + 1 < count) {
            faulty_patch = std::stoull(words[++at]);
        } else {
            std::fputs("usage: floor [--on-stream] [--fault <n>]\n", stderr);
            return 2;
        }
    }
    serve(sends_on_stream, faulty_patch);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 1;
}
