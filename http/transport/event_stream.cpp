#include "http/transport/event_stream.hpp"

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

void clear_frames_of_this_thread() {
    frames_of_this_thread().clear();
}

void event_stream::publish(const std::shared_ptr<const live::update>& update) noexcept {
    try {
        const html_wire wire(settings_.base_path, conversation_);
        const auto made = frames_of_this_thread().get(update, wire);
        put(*made, update->ended ? last::yes : last::no, made);
    } catch (...) {
        break_stream();
    }
}

void event_stream::displace() noexcept {
    try {
        send_last(make_displaced());
    } catch (...) {
        break_stream();
    }
}

/// Breaks the stream when memory is exhausted. The page reconnects and receives the whole view.
void event_stream::break_stream() {
    const live::mutex_lock lock(mutex_);
    is_broken_ = true;
    wake_connection();
}

void event_stream::send(const frame& message) {
    put(message, last::no);
}

void event_stream::send_last(const frame& message) {
    put(message, last::yes);
}

void event_stream::put(
    const frame& message,
    last is_last,
    const std::shared_ptr<const frame>& owner
) {
    const live::mutex_lock lock(mutex_);
    if (has_ended_ || is_broken_) return;
    silent_ticks_ = 0;
    put_bytes(settings_.is_chunked ? message.chunk() : message.content(), owner);
    if (is_last == last::no) return;
    if (settings_.is_chunked) put_bytes(last_chunk);
    has_ended_ = true;
    wake_connection();
}

void event_stream::put_bytes(std::string_view bytes, const std::shared_ptr<const frame>& owner) {
    if (socket_ >= 0 && queue_.empty()) {
        const auto sent = try_send(socket_, bytes);
        if (!sent) {
            is_broken_ = true;
            return wake_connection();
        }
        bytes.remove_prefix(*sent);
        if (bytes.empty()) return;
        wake_connection();
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
        wake_connection();
    }
}

/// Posts `stream_needs_flush` to the connection's thread, unless it is posted already.
void event_stream::wake_connection() {
    if (socket_ < 0 || std::exchange(is_wakeup_posted_, true)) return;
    executor_.post([self = shared_from_this()] {
        {
            const live::mutex_lock lock(self->mutex_);
            self->is_wakeup_posted_ = false;
        }
        if (self->watcher_) self->watcher_->stream_needs_flush();
    });
}

void event_stream::open(int socket, std::string_view head, stream_watcher& watcher) {
    watcher_ = &watcher;
    const live::mutex_lock lock(mutex_);
    queue_.put_first(head);
    if (queue_limit_ != 0) queue_limit_ += head.size();
    socket_ = socket;
}

void event_stream::release_socket() {
    watcher_ = nullptr;
    const live::mutex_lock lock(mutex_);
    socket_ = -1;
    is_broken_ = true;
    queue_.clear();
}

std::size_t event_stream::unsent() {
    const live::mutex_lock lock(mutex_);
    return queue_.size();
}

event_stream::condition event_stream::flush() {
    const live::mutex_lock lock(mutex_);
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
        const live::mutex_lock lock(mutex_);
        if (!queue_.empty() || ++silent_ticks_ < heartbeat) return;
    }
    send(make_heartbeat());
}

}  // namespace stube::http
