#pragma once

#include "http/answer.hpp"
#include "http/page.hpp"
#include "http/request.hpp"
#include "http/site.hpp"
#include "runtime/component/exception_message.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace stube::http {

class event_stream;

/// One request that is being answered, as the handlers see it: a connection without its sockets.
/// Threads: the connection's own.
class exchange {
public:
    virtual http::site& site() = 0;
    virtual request& asked() = 0;
    virtual live::executor& home() = 0;
    virtual thread_counts& counts() = 0;

    /// An empty string for a body, reused; valid until `send`.
    virtual std::string& scratch() = 0;

    /// Answers. Exactly once for each request, if not the other one below. Does nothing if the
    /// connection is gone.
    virtual void send(const answer& what) = 0;

    /// The stream that this request is about to become.
    virtual std::shared_ptr<event_stream>& stream() = 0;

    /// Makes the connection that stream for the rest of its life: sends the head and what was
    /// published.
    virtual void send_stream() = 0;

    /// True if nobody waits for the answer any more.
    virtual bool is_gone() const = 0;

    /// An exception from the application or the library: logs what it says and answers 500.
    virtual void fail(const std::string& why) = 0;

    /// Keeps this alive while an answer is awaited.
    virtual void hold() = 0;
    virtual void release() = 0;

protected:
    ~exchange() = default;
};

/// Ends a `hold`.
struct let_go {
    void operator()(exchange* held) const { held->release(); }
};

/// A callback for the runtime that goes on with `f` and keeps the exchange until then. It fits into
/// a std::function without an allocation.
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

// The handlers, one file each.

/// Someone opens a page with a conversation: begins one, or shows the one that `?c=` names.
void visit(exchange& ex, const mount_point& where);

/// Someone did something on a page.
void apply_event(exchange& ex, const route& where);

/// A browser without scripts submits a form, or follows a link that stands for an event.
void submit_event(exchange& ex, const route& where);
void show_link(exchange& ex, const route& where);

/// Someone used the browser's Back or Forward, within a conversation.
void go_back(exchange& ex, const route& where);

/// A page wants to be told.
void attach_stream(exchange& ex, const route& where);

/// A page without a stream asks for what is new.
void send_news(exchange& ex, const route& where);

/// A form that the application answers.
void answer_form(exchange& ex, const form_handler& answer);

void send_file(exchange& ex, const static_file& file);

/// /healthz, /readyz, /metrics.
void send_operations(exchange& ex, route::kind what);

/// A refusal in the form that fits the request: a fragment for events, a page for pages, else plain
/// text. `allow` is the Allow header of a 405.
void send_problem(exchange& ex, int status, std::string_view allow = {});

/// A page without a conversation; `content` is finished HTML.
void send_plain_page(
    exchange& ex,
    int status,
    std::string_view content,
    std::string_view headers = page_headers
);

/// A 303 to an address of this server. `more` are further header lines.
void send_redirect(exchange& ex, std::string_view address, std::string_view more = {});

/// Picks the handler.
void handle(exchange& ex);

}  // namespace stube::http
