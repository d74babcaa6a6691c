#pragma once

#include "http/protocol/request.hpp"
#include "http/protocol/response.hpp"
#include "http/protocol/wire_patches.hpp"
#include "http/site/site.hpp"
#include "runtime/component/exception_message.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stube::http {

/// The event stream of an open page, as the handlers see it: without its socket.
class page_stream : public live::view_stream {
public:
    virtual const std::string& conversation() const = 0;

    /// Sends the last message of the stream.
    virtual void send_last(const frame& message) = 0;
};

/// One request and its response: the handlers' view of a connection, without its socket.
/// Threads: the connection's own.
class exchange {
public:
    virtual http::site& site() = 0;
    virtual http::request& request() = 0;
    virtual live::executor& executor() = 0;
    virtual thread_counts& counts() = 0;

    /// An empty string for a body. Its memory is reused; valid until `send`.
    virtual std::string& scratch() = 0;

    /// Sends the response. Each request gets exactly one response, with `send` or `send_stream`.
    /// Does nothing if the connection is closed.
    virtual void send(const response& response) = 0;

    /// Makes the stream that will answer this request. `page` as in `live::view_stream`.
    virtual std::shared_ptr<live::view_stream>
    make_stream(std::string_view conversation, std::uint64_t page) = 0;

    /// The stream of `make_stream`.
    virtual page_stream& stream() = 0;

    /// Turns the connection into `stream()` for the rest of its life. Sends the head and everything
    /// that was published so far.
    virtual void send_stream() = 0;

    /// True if the connection is closed, so that nobody waits for the response.
    virtual bool is_closed() const = 0;

    /// Logs the text of an exception and answers with 500.
    virtual void fail(const std::string& why) = 0;

    /// Keeps the exchange alive until `release_reference`, while a reply is awaited.
    virtual void add_reference() = 0;
    virtual void release_reference() = 0;

    /// The mount whose page is requested. Set by `visit`, for the callbacks of its operations.
    const mount_point* mount = nullptr;

    /// The address of the requested page without its query. Set with `mount`.
    std::string mount_address;

protected:
    ~exchange() = default;
};

/// The sender of a request. Valid as long as the request.
inline live::visitor visitor_of(const request& from) {
    return {from.owner, &from.user};
}

/// A deleter that calls `release_reference`.
struct reference_releaser {
    void operator()(exchange* held) const { held->release_reference(); }
};

/// Makes a callback for the conversation map that calls `f`. The exchange stays alive until then.
/// The callback is small enough for a std::function without an allocation.
inline live::on_reply reply_callback(exchange& ex, void (*f)(exchange&, live::reply&&)) {
    ex.add_reference();
    return [&ex, f](live::reply&& reply) {
        const std::unique_ptr<exchange, reference_releaser> held(&ex);
        try {
            f(ex, std::move(reply));
        } catch (...) {
            ex.fail(current_exception_message());
        }
    };
}

}  // namespace stube::http
