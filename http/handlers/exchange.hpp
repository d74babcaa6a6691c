#pragma once

#include "http/protocol/response.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/request.hpp"
#include "http/site/site.hpp"
#include "runtime/component/exception_message.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace stube::http {

class event_stream;

/// One request that is being answered: the handlers' view of a connection, without its socket.
/// Threads: the connection's own.
class exchange {
public:
    virtual http::site& site() = 0;
    virtual request& asked() = 0;
    virtual live::executor& home() = 0;
    virtual thread_counts& counts() = 0;

    /// An empty string for a body. Its memory is reused; valid until `send`.
    virtual std::string& scratch() = 0;

    /// Sends the response. Each request is answered exactly once, with `send` or `send_stream`.
    /// Does nothing if the connection is closed.
    virtual void send(const answer& what) = 0;

    /// The stream that will answer this request; null for other requests.
    virtual std::shared_ptr<event_stream>& stream() = 0;

    /// Turns the connection into `stream()` for the rest of its life. Sends the head and everything
    /// that was published so far.
    virtual void send_stream() = 0;

    /// True if the connection is closed, so that nobody waits for the response.
    virtual bool is_gone() const = 0;

    /// Logs the text of an exception and answers with 500.
    virtual void fail(const std::string& why) = 0;

    /// Keeps the exchange alive while a response is awaited.
    virtual void hold() = 0;
    virtual void release() = 0;

protected:
    ~exchange() = default;
};

/// A deleter that ends a `hold`.
struct let_go {
    void operator()(exchange* held) const { held->release(); }
};

/// Makes a callback for the runtime that calls `f`, and holds the exchange until then. It is small
/// enough for a std::function without an allocation.
inline live::on_reply later(exchange& with, void (*f)(exchange&, live::reply&&)) {
    with.hold();
    return [&with, f](live::reply&& r) {
        const std::unique_ptr<exchange, let_go> held(&with);
        try {
            f(with, std::move(r));
        } catch (...) {
            with.fail(current_exception_message());
        }
    };
}

// The handlers.

/// Shows a page with a conversation (visit.cpp): begins one, or shows the one that `?c=` names.
void visit(exchange& ex, const mount_point& where);

/// Applies an event from a page's scripts (event.cpp).
void apply_event(exchange& ex, const route& where);

/// Applies an event from a browser without scripts (submission.cpp).
void submit_event(exchange& ex, const route& where);

/// Shows a page with a button for a link that is an event (submission.cpp).
void show_link(exchange& ex, const route& where);

/// Moves within a conversation's history: the browser's Back or Forward (event.cpp).
void go_back(exchange& ex, const route& where);

/// Opens the event stream of a page (stream.cpp).
void attach_stream(exchange& ex, const route& where);

/// Sends the changes to a page without a stream (event.cpp).
void send_news(exchange& ex, const route& where);

/// Answers a form with a function of the application (post.cpp).
void answer_form(exchange& ex, const form_handler& answer);

/// Sends an asset or a static page (files.cpp).
void send_file(exchange& ex, const static_file& file);

/// /healthz, /readyz, /metrics (operations.cpp).
void send_operations(exchange& ex, route::kind what);

/// Sends an error in the form that fits the request: a fragment for events, a page for pages, else
/// plain text. `allow` is the Allow header of a 405.
void send_problem(exchange& ex, int status, std::string_view allow = {});

/// Sends a page without a conversation; `content` is finished HTML.
void send_plain_page(
    exchange& ex,
    int status,
    std::string_view content,
    std::string_view headers = page_headers
);

/// Sends a 303 to an address of this server. `more` contains further header lines.
void send_redirect(exchange& ex, std::string_view address, std::string_view more = {});

/// Calls the handler for the request.
void handle(exchange& ex);

}  // namespace stube::http
