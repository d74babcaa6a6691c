#include "http/transport/connection.hpp"

#include "http/handlers/handle.hpp"
#include "http/protocol/problem.hpp"
#include "http/transport/worker.hpp"
#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"

#include <boost/asio/buffer.hpp>

#include <array>
#include <utility>

namespace stube::http {

namespace {

constexpr auto linger_time = std::chrono::seconds(2);

constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr std::string_view stream_head = "Content-Type: text/event-stream\r\n"
                                         "Cache-Control: no-cache, no-transform\r\n"
                                         "X-Accel-Buffering: no\r\n"
                                         "X-Content-Type-Options: nosniff\r\n"
                                         "Connection: close\r\n";

}  // namespace

connection::connection(tcp_socket socket, connection_slot slot, worker& worker)
    : worker_(worker),
      socket_(std::move(socket)),
      slot_(std::move(slot)),
      unsent_(worker.site().unsent) {}

connection::~connection() = default;

http::site& connection::site() {
    return worker_.site();
}

live::executor& connection::executor() {
    return worker_;
}

thread_counts& connection::counts() {
    return worker_.counts();
}

std::string& connection::scratch() {
    return worker_.scratch();
}

void connection::start() {
    error_code failed;
    socket_.set_option(tcp::no_delay(true), failed);
    if (!failed) socket_.non_blocking(true, failed);
    if (failed) return;
    worker_.enlist(*this);
    deadline_ = worker_.deadline_after(site().limits().head_timeout);
    wait_readable();
}

// --- waiting

void connection::wait_readable() {
    if (std::exchange(waits_readable_, true)) return;
    socket_.async_wait(tcp_socket::wait_read, [self = self_ptr(this)](error_code failed) {
        self->waits_readable_ = false;
        if (!failed) self->readable();
    });
}

void connection::wait_writable() {
    if (std::exchange(waits_writable_, true)) return;
    socket_.async_wait(tcp_socket::wait_write, [self = self_ptr(this)](error_code failed) {
        self->waits_writable_ = false;
        if (!failed) self->writable();
    });
}

void connection::readable() {
    switch (state_) {
    case state::idle:
    case state::reading:
        return receive();
    case state::streaming:
    case state::lingering:
        return discard();
    case state::responding:
    case state::writing:
    case state::closed:
        return;
    }
}

void connection::writable() {
    if (state_ == state::streaming) return stream_needs_flush();
    if (state_ != state::writing) return;
    deadline_ = worker_.deadline_after(site().limits().write_timeout);
    error_code failed;
    while (!unsent_.empty() && !failed) {
        const auto next = unsent_.front();
        unsent_.drop(socket_.write_some(asio::buffer(next.data(), next.size()), failed));
    }
    if (!failed) return response_sent();
    failed == asio::error::would_block ? wait_writable() : close();
}

void connection::tick() {
    const self_ptr keep(this);
    if (state_ == state::streaming || state_ == state::lingering) {
        worker_.return_reader(std::exchange(reader_, nullptr));
    }
    if (stream_ && state_ == state::streaming) {
        const auto beat = std::chrono::ceil<std::chrono::seconds>(site().limits().heartbeat);
        stream_->tick(static_cast<unsigned>(beat.count()));
    }
    if (state_ == state::lingering && site().draining) return close();
    if (deadline_ == 0 || worker_.now() < deadline_) return;
    if (state_ == state::reading) return refuse(408);
    close();
}

// --- reading

void connection::receive() {
    if (!reader_) reader_ = worker_.take_reader();
    const auto space = reader_->space();
    error_code failed;
    const auto size = socket_.read_some(asio::buffer(space.data(), space.size()), failed);
    if (failed == asio::error::would_block) return wait_readable();
    if (failed) return close();
    reader_->commit(size);
    if (state_ == state::idle) {
        state_ = state::reading;
        deadline_ = worker_.deadline_after(site().limits().head_timeout);
    }
    process();
}

/// Reads and drops bytes that are no longer wanted. Closes the connection at the end of the input
/// or after an error, and a stream after any byte.
void connection::discard() {
    std::array<char, 4096> unwanted;
    error_code failed;
    socket_.read_some(asio::buffer(unwanted), failed);
    if (failed && failed != asio::error::would_block) return close();
    if (!failed && state_ == state::streaming) return close();
    wait_readable();
}

/// Answers the requests that have arrived, in order.
void connection::process() {
    if (is_processing_) return;  // called from the loop below, which continues by itself
    is_processing_ = true;
    const self_ptr keep(this);
    while (state_ == state::reading) {
        if (std::exchange(has_responded_, false)) {
            reader_->finish();
            has_head_ = false;
        }
        switch (reader_->next()) {
        case request_reader::progress::more:
            is_processing_ = false;
            return wait_for_more();
        case request_reader::progress::bad:
            refuse(reader_->status());
            break;
        case request_reader::progress::ready:
            handle_request();
            break;
        }
    }
    is_processing_ = false;
    if (state_ == state::streaming || state_ == state::lingering) {
        worker_.return_reader(std::exchange(reader_, nullptr));
    }
}

void connection::wait_for_more() {
    if (reader_->empty()) {
        worker_.return_reader(std::exchange(reader_, nullptr));
        state_ = state::idle;
        deadline_ = worker_.deadline_after(site().limits().idle_timeout);
    } else if (reader_->has_head() && !has_head_) {
        has_head_ = true;
        deadline_ = worker_.deadline_after(site().limits().body_timeout);
        error_code failed;
        if (request().expects_continue) socket_.write_some(asio::buffer(continue_response), failed);
        if (failed) return close();
    }
    if (must_close() && state_ == state::idle) return close();
    wait_readable();
}

/// Answers input that is not a valid request. The connection closes, because the start of the next
/// request is unknown.
void connection::refuse(int status) {
    state_ = state::responding;
    close_after_ = true;
    if (status == 413) {  // the head is known, so the response can be a page
        return handle_refused(*this, status);
    }
    request().method = method::other;
    const auto problem = http_problem(status);
    auto& body = scratch();
    body.append(problem.text).append("\n");
    send({problem.status, "text/plain; charset=utf-8", {}, body});
}

void connection::handle_request() {
    state_ = state::responding;
    deadline_ = 0;
    worker_.counts().requests.add(1);
    if (!request().keep_alive) close_after_ = true;
    if (!site().serves(request().host)) return refuse_host();
    try {
        handle(*this);
    } catch (...) {
        fail(current_exception_message());
    }
}

void connection::refuse_host() {
    worker_.log().warn(
        "host refused host={} why=\"not in server_options::hosts\"",
        quote_for_log(request().host)
    );
    handle_refused(*this, 421);
}

// --- responding

bool connection::must_close() const {
    return close_after_ || worker_.site().draining;
}

void connection::send(const response& response) {
    if (state_ != state::responding) return;
    stream_.reset();
    if (response.status >= 500) counts().failures.add(1);
    auto& out = worker_.output();
    const bool is_head = reader_ && reader_->request().method == method::head;
    append_response(out, response, {worker_.date(), must_close(), is_head});
    transmit(out);
}

void connection::fail(const std::string& why) {
    worker_.log().error("request failed why={}", quote_for_log(why));
    if (state_ == state::responding) handle_failed(*this);
}

/// Writes as much as the socket accepts, and copies the rest.
void connection::transmit(std::string_view bytes) {
    error_code failed;
    std::size_t sent = 0;
    while (sent < bytes.size() && !failed) {
        sent += socket_.write_some(asio::buffer(bytes.data() + sent, bytes.size() - sent), failed);
    }
    if (!failed) return response_sent();
    if (failed != asio::error::would_block) return close();
    unsent_.append(bytes.substr(sent));
    deadline_ = worker_.deadline_after(site().limits().write_timeout);
    state_ = state::writing;
    wait_writable();
}

void connection::response_sent() {
    if (must_close()) return linger();
    has_responded_ = true;  // the request stays in the reader: its handler may still read it
    state_ = state::reading;
    deadline_ = worker_.deadline_after(site().limits().head_timeout);
    process();
}

/// Shuts the sending side down and waits for the client to close. Closing at once could reset the
/// connection and destroy the last bytes on their way, if the client is still sending.
void connection::linger() {
    error_code failed;
    socket_.shutdown(tcp_socket::shutdown_send, failed);
    if (failed) return close();
    state_ = state::lingering;
    deadline_ = worker_.deadline_after(linger_time);
    wait_readable();
}

void connection::close() {
    if (state_ == state::closed) return;
    const self_ptr keep(this);
    if (state_ == state::streaming) drop_stream();
    state_ = state::closed;
    error_code ignored;
    socket_.close(ignored);
    slot_.reset();
    unsent_.clear();
    worker_.delist(*this);
}

std::size_t connection::unsent() const {
    return stream_ && state_ == state::streaming ? stream_->unsent() : unsent_.size();
}

// --- streams

std::shared_ptr<live::view_stream>
connection::make_stream(std::string_view conversation, std::uint64_t page) {
    const event_stream::settings settings{
        page,
        site().base_path(),
        site().limits().max_stream_queue,
        !request().is_http_1_0
    };
    stream_ = std::make_shared<event_stream>(conversation, worker_, settings, site().unsent);
    return stream_;
}

void connection::send_stream() {
    if (state_ != state::responding) return;
    std::string head = "HTTP/1.1 200 OK\r\nDate: " + worker_.date() + "\r\n";
    head.append(stream_head);
    if (stream_->is_chunked()) head += "Transfer-Encoding: chunked\r\n";
    head += "\r\n";
    const auto hello = make_heartbeat();
    head += stream_->is_chunked() ? hello.chunk() : hello.content();
    state_ = state::streaming;
    counts().streams.add(1);
    stream_->open(socket_.native_handle(), head, *this);
    if (site().ends_streams) stream_->send_last(make_drain_hint());
    stream_needs_flush();
    if (state_ == state::streaming) wait_readable();
}

void connection::stream_needs_flush() {
    if (state_ != state::streaming) return;
    switch (stream_->flush()) {
    case event_stream::condition::idle:
        deadline_ = 0;
        return;
    case event_stream::condition::moving:
        deadline_ = worker_.deadline_after(site().limits().write_timeout);
        return wait_writable();
    case event_stream::condition::blocked:
        if (deadline_ == 0) deadline_ = worker_.deadline_after(site().limits().write_timeout);
        return wait_writable();
    case event_stream::condition::broken:
        return close();
    case event_stream::condition::done:
        break;
    }
    drop_stream();
    linger();
}

void connection::drop_stream() {
    state_ = state::lingering;  // so that a later `close` does not drop the stream again
    stream_->release_socket();
    site().live->detach(stream_->conversation(), stream_.get());
    stream_.reset();
    counts().streams.add(-1);
}

// --- leaving

void connection::drain() {
    const self_ptr keep(this);
    if (state_ == state::idle) return close();
    if (state_ == state::streaming) stream_->send_last(make_drain_hint());
}

}  // namespace stube::http
