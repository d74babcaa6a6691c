#include "http/handlers/stream.hpp"

#include "http/protocol/problem.hpp"
#include "http/protocol/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

/// GET /stube/stream/<conversation>.
namespace stube::http {

namespace {

std::optional<std::uint64_t> seen_by(const request& request) {
    const auto last = request.header("last-event-id");
    return parse_number(last.empty() ? request.raw_query("rev").value_or("") : last);
}

/// The page that requests the stream, see `live::view_stream::page`. Pages of earlier releases do
/// not name themselves.
std::uint64_t page_named_by(const request& request) {
    constexpr std::size_t digits = 10;
    return parse_hex(request.header("stube-page"), digits).value_or(0);
}

/// Ends the stream with an error. `restart` is the address where the user can start again; "?" is
/// the page's own address without its conversation.
void end_with_problem(page_stream& stream, const problem& problem, std::string_view restart = "?") {
    std::string view;
    append_problem_view(view, problem, restart);
    stream.send_last(make_final_view(view));
}

/// Ends the stream of a conversation that is over. A page that has seen the end stays as it is; any
/// other page receives the last view.
void send_end_of_stream(
    page_stream& stream,
    const live::reply& reply,
    std::optional<std::uint64_t> seen
) {
    if (seen == reply.value->revision) return stream.send_last(make_end());
    reply.news ? stream.publish(reply.news)
               : end_with_problem(stream, conversation_problem(reply.result));
}

void on_attached(exchange& ex, live::reply&& reply) {
    auto& stream = ex.stream();
    switch (reply.result) {
    case live::status::ok:
    case live::status::failed:  // the stream is attached, and shows a notice of the failure
        if (ex.is_closed()) return ex.site().live->detach(stream.conversation(), &stream);
        break;
    case live::status::store_down:
    case live::status::overloaded:
    case live::status::not_saved: {
        const auto problem = conversation_problem(reply.result);
        const auto text = std::string(problem.text).append("\n");
        return ex.send(
            {problem.status, "text/plain; charset=utf-8", "Cache-Control: no-store\r\n", text}
        );
    }
    case live::status::just_ended:
        send_end_of_stream(stream, reply, seen_by(ex.request()));
        break;
    case live::status::lost:
        end_with_problem(stream, conversation_problem(reply.result), reply.mount);
        break;
    case live::status::ended:
    case live::status::repeated:
    case live::status::stale:
    case live::status::gone:
    case live::status::foreign:
    case live::status::unusable:
    case live::status::other_release:
    case live::status::unknown_event:
    case live::status::bad_arguments:
    case live::status::forbidden:
        end_with_problem(stream, conversation_problem_for(reply.result, ex.request()));
        break;
    }
    ex.send_stream();
}

}  // namespace

void attach_stream(exchange& ex, const route& route) {
    const auto& request = ex.request();
    ex.site().live->attach(
        route.conversation,
        visitor_of(request),
        seen_by(request),
        ex.make_stream(route.conversation, page_named_by(request)),
        ex.executor(),
        reply_callback(ex, &on_attached)
    );
}

}  // namespace stube::http
