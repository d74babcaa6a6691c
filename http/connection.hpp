#pragma once

#include "http/byte_queue.hpp"
#include "http/exchange.hpp"
#include "http/net.hpp"
#include "http/request_reader.hpp"
#include "http/seats.hpp"
#include "http/stream.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace stube::http {

class worker;

/// One accepted connection: requests one after the other, or a stream for the rest of its life.
///
/// Between requests it waits for its socket without any memory to read into; a reader is borrowed
/// from the worker when something has come. Answers are written at once, and only what the socket
/// does not take is kept. While a request is being answered nothing is read, so that a client that
/// sends faster than it is served waits in its own socket.
///
/// Threads: its worker's only.
class connection final
    : public exchange,
      public stream_watcher,
      public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
public:
    connection(tcp_socket socket, seat taken, worker& home);
    virtual ~connection();

    void start();

    /// Once a second: deadlines, signs of life.
    void tick();

    /// The server is about to leave: finishes what it does, and closes.
    void drain();

    void close();

    /// Bytes that wait for the peer to read.
    std::size_t unsent() const;

    std::size_t place = 0;  ///< among the worker's connections

private:
    enum class state {
        idle,       // between two requests
        reading,    // a request has begun
        answering,  // the runtime has it
        writing,    // the answer did not go out in one piece
        streaming,
        lingering,  // all is said; waits for the client to close
        closed,
    };

    using self_ptr = boost::intrusive_ptr<connection>;

    http::site& site() override;
    request& asked() override { return reader_->asked(); }
    live::executor& home() override;
    thread_counts& counts() override;
    std::string& scratch() override;
    void send(const answer& what) override;
    std::shared_ptr<event_stream>& stream() override { return stream_; }
    void send_stream() override;
    bool is_gone() const override { return state_ == state::closed; }
    void fail(const std::string& why) override;
    void hold() override { intrusive_ptr_add_ref(this); }
    void release() override { intrusive_ptr_release(this); }
    void stream_moved() override;

    void wait_readable();
    void wait_writable();
    void readable();
    void writable();
    void receive();
    void discard();
    void process();
    void wait_for_more();
    void refuse(int status);
    void answer_request();
    void refuse_host();
    void transmit(std::string_view bytes);
    void answered();
    void linger();
    void drop_stream();
    bool must_close() const;

    worker& home_;
    tcp_socket socket_;
    seat seat_;
    state state_ = state::idle;
    bool close_after_ = false;
    bool in_process_ = false;
    bool has_head_ = false;     // of the request that is being read
    bool is_answered_ = false;  // the request in the reader is done with
    bool waits_readable_ = false;
    bool waits_writable_ = false;
    std::uint32_t deadline_ = 0;  // a tick of the worker; 0 for none
    std::unique_ptr<request_reader> reader_;
    std::shared_ptr<event_stream> stream_;
    byte_queue unsent_;
};

}  // namespace stube::http
