#pragma once

#include "http/handlers/exchange.hpp"
#include "http/transport/byte_queue.hpp"
#include "http/transport/connection_slot.hpp"
#include "http/transport/event_stream.hpp"
#include "http/transport/net.hpp"
#include "http/transport/request_reader.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace stube::http {

class worker;

/// One accepted connection. It serves requests one after the other, or becomes a stream for the
/// rest of its life.
///
/// Between requests a connection waits for its socket without a buffer. It borrows a reader from
/// the worker when bytes have arrived. A response is written at once; only the bytes that the
/// socket does not accept are kept. Nothing is read while a request is being answered, so a client
/// that sends too fast fills its own socket.
///
/// Threads: its worker's only.
class connection final
    : public exchange,
      public stream_watcher,
      public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
public:
    connection(tcp_socket socket, connection_slot slot, worker& worker);
    virtual ~connection();

    void start();

    /// Checks deadlines and sends heartbeats. Called once a second.
    void tick();

    /// The server is stopping: closes the connection if it is idle, and ends a stream with a hint
    /// to connect again. A connection with a request closes after the response.
    void drain();

    void close();

    /// Bytes that wait for the peer to read.
    std::size_t unsent() const;

    std::size_t index = 0;  ///< among the worker's connections

private:
    enum class state {
        idle,        // between two requests
        reading,     // a part of a request has arrived
        responding,  // a handler or the conversation map works on the response
        writing,     // a part of the response waits for the socket
        streaming,
        lingering,  // everything is sent; waits for the client to close
        closed,
    };

    using self_ptr = boost::intrusive_ptr<connection>;

    http::site& site() override;
    http::request& request() override { return reader_->request(); }
    live::executor& executor() override;
    thread_counts& counts() override;
    std::string& scratch() override;
    void send(const response& response) override;
    std::shared_ptr<live::view_stream>
    make_stream(std::string_view conversation, std::uint64_t page) override;
    page_stream& stream() override { return *stream_; }
    void send_stream() override;
    bool is_closed() const override { return state_ == state::closed; }
    void fail(const std::string& why) override;
    void add_reference() override { intrusive_ptr_add_ref(this); }
    void release_reference() override { intrusive_ptr_release(this); }
    void stream_needs_flush() override;

    void wait_readable();
    void wait_writable();
    void readable();
    void writable();
    void receive();
    void discard();
    void process();
    void wait_for_more();
    void refuse(int status);
    void handle_request();
    void refuse_host();
    void transmit(std::string_view bytes);
    void response_sent();
    void linger();
    void drop_stream();
    bool must_close() const;

    worker& worker_;
    tcp_socket socket_;
    connection_slot slot_;
    state state_ = state::idle;
    bool close_after_ = false;
    bool is_processing_ = false;
    bool has_head_ = false;       // the head of the present request has been read
    bool has_responded_ = false;  // to the request in the reader
    bool waits_readable_ = false;
    bool waits_writable_ = false;
    std::uint32_t deadline_ = 0;  // a tick of the worker; 0 for none
    std::unique_ptr<request_reader> reader_;
    std::shared_ptr<event_stream> stream_;
    byte_queue unsent_;
};

}  // namespace stube::http
