#include "http/transport/event_stream.hpp"

#include "http/handlers/exchange.hpp"
#include "http/protocol/problem.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"

#include <cerrno>
#include <optional>
#include <sys/socket.h>
#include <utility>

namespace stube::http {

namespace {

/// A cache per thread; its key is the update that is encoded.
frame_cache& frames_of_this_thread() {
    thread_local frame_cache frames;
    return frames;
}

/// The number of bytes that the socket accepted; nothing if the peer is gone.
std::optional<std::size_t> try_send(int socket, std::string_view bytes) {
    for (;;) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return static_cast<std::size_t>(sent);
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (errno != EINTR) return std::nullopt;
    }
}

}  // namespace

void forget_frames_of_this_thread() {
    frames_of_this_thread().clear();
}

void event_stream::publish(const std::shared_ptr<const live::update>& what) noexcept {
    try {
        const html_wire wire(settings_.base_path, conversation_);
        const auto made = frames_of_this_thread().get(what, wire);
        put(*made, what->ended ? last::yes : last::no, made);
    } catch (...) {
        give_up();
    }
}

void event_stream::displace() noexcept {
    try {
        say_last(make_displaced());
    } catch (...) {
        give_up();
    }
}

/// Breaks the stream when memory is exhausted. The page reconnects and receives the whole view.
void event_stream::give_up() {
    std::lock_guard lock(mutex_);
    is_broken_ = true;
    wake();
}

void event_stream::say(const frame& what) {
    put(what, last::no);
}

void event_stream::say_last(const frame& what) {
    put(what, last::yes);
}

void event_stream::put(const frame& what, last how, const std::shared_ptr<const frame>& owner) {
    std::lock_guard lock(mutex_);
    if (has_ended_ || is_broken_) return;
    silent_ticks_ = 0;
    put_bytes(settings_.is_chunked ? what.chunk() : what.content(), owner);
    if (how == last::no) return;
    if (settings_.is_chunked) put_bytes(last_chunk);
    has_ended_ = true;
    wake();
}

void event_stream::put_bytes(std::string_view bytes, const std::shared_ptr<const frame>& owner) {
    if (socket_ >= 0 && queue_.empty()) {
        const auto sent = try_send(socket_, bytes);
        if (!sent) {
            is_broken_ = true;
            return wake();
        }
        bytes.remove_prefix(*sent);
        if (bytes.empty()) return;
        wake();
    }
    // The limit counts only bytes behind the first message. That message may be a whole view of any
    // size, and a page that reconnects would receive it again.
    if (queue_.empty() || queue_limit_ == 0) {
        queue_limit_ = queue_.size() + bytes.size() + settings_.max_queue;
    }
    const bool is_shared = owner && owner->bytes.size() >= frame_cache::shared_size;
    is_shared ? queue_.append(owner, bytes) : queue_.append(bytes);
    if (queue_.size() > queue_limit_) {
        is_broken_ = true;
        wake();
    }
}

/// Posts `stream_moved` to the connection's thread, unless it is posted already.
void event_stream::wake() {
    if (socket_ < 0 || std::exchange(is_waking_, true)) return;
    home_.post([self = shared_from_this()] {
        {
            std::lock_guard lock(self->mutex_);
            self->is_waking_ = false;
        }
        if (self->watcher_) self->watcher_->stream_moved();
    });
}

void event_stream::open(int socket, std::string_view head, stream_watcher& watcher) {
    watcher_ = &watcher;
    std::lock_guard lock(mutex_);
    queue_.put_first(head);
    if (queue_limit_ != 0) queue_limit_ += head.size();
    socket_ = socket;
}

void event_stream::let_go() {
    watcher_ = nullptr;
    std::lock_guard lock(mutex_);
    socket_ = -1;
    is_broken_ = true;
    queue_.clear();
}

std::size_t event_stream::unsent() {
    std::lock_guard lock(mutex_);
    return queue_.size();
}

event_stream::condition event_stream::flush() {
    std::lock_guard lock(mutex_);
    if (is_broken_) return condition::broken;
    bool has_moved = false;
    while (!queue_.empty()) {
        const auto next = queue_.front();
        const auto sent = try_send(socket_, next);
        if (!sent) {
            is_broken_ = true;
            return condition::broken;
        }
        has_moved |= *sent > 0;
        queue_.drop(*sent);
        if (*sent < next.size()) return has_moved ? condition::moving : condition::blocked;
    }
    return has_ended_ ? condition::done : condition::idle;
}

void event_stream::tick(unsigned heartbeat) {
    {
        std::lock_guard lock(mutex_);
        if (!queue_.empty() || ++silent_ticks_ < heartbeat) return;
    }
    say(make_heartbeat());
}

namespace {

std::optional<std::uint64_t> seen_by(const request& asked) {
    const auto last = asked.header("last-event-id");
    return parse_number(last.empty() ? asked.raw_query("rev").value_or("") : last);
}

/// Ends the stream with an error. `restart` is the address where the user can start again; "?" is
/// the page's own address without its conversation.
void say_why(event_stream& stream, const problem& what, std::string_view restart = "?") {
    std::string words;
    append_problem_view(words, what, restart);
    stream.say_last(make_last_words(words));
}

/// Ends the stream of a conversation that is over. A page that has seen the end stays as it is; any
/// other page receives the last view.
void tell_end(event_stream& stream, const live::reply& r, std::optional<std::uint64_t> seen) {
    if (seen == r.value->revision) return stream.say_last(make_end());
    r.news ? stream.publish(r.news) : say_why(stream, problem_of(r.what));
}

void attached(exchange& ex, live::reply&& r) {
    auto& stream = *ex.stream();
    switch (r.what) {
    case live::status::ok:
    case live::status::failed:  // the stream is attached, and shows a notice of the failure
        if (ex.is_gone()) return ex.site().live->detach(stream.conversation(), &stream);
        break;
    case live::status::store_down:
    case live::status::overloaded:
    case live::status::not_saved: {
        const auto what = problem_of(r.what);
        const auto words = std::string(what.text).append("\n");
        return ex.send(
            {what.status, "text/plain; charset=utf-8", "Cache-Control: no-store\r\n", words}
        );
    }
    case live::status::just_ended:
        tell_end(stream, r, seen_by(ex.asked()));
        break;
    case live::status::lost:
        say_why(stream, problem_of(r.what), r.mount);
        break;
    default:
        say_why(stream, problem_of(r.what, ex.asked()));
    }
    ex.send_stream();
}

}  // namespace

void attach_stream(exchange& ex, const route& where) {
    const auto& asked = ex.asked();
    const event_stream::settings wanted{
        ex.site().base_path(),
        ex.site().limits().max_stream_queue,
        !asked.is_http_1_0
    };
    ex.stream() =
        std::make_shared<event_stream>(where.conversation, ex.home(), wanted, ex.site().unsent);
    ex.site().live->attach(
        where.conversation,
        asked.owner,
        seen_by(asked),
        ex.stream(),
        ex.home(),
        later(ex, &attached)
    );
}

}  // namespace stube::http
