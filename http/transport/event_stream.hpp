#pragma once

#include "http/handlers/exchange.hpp"
#include "http/transport/byte_queue.hpp"
#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stube::http {

/// The connection's side of a stream.
/// Threads: the connection's own.
class stream_watcher {
public:
    /// Called when the connection must call `flush` and react to the result.
    virtual void stream_needs_flush() = 0;

protected:
    ~stream_watcher() = default;
};

/// The event stream of an open page, GET /stube/stream/<conversation>.
///
/// An update is written to the socket at once, on the thread that publishes it. It waits in a queue
/// only while the peer does not read. So an event need not wake the thread that owns the stream.
/// The connection, on its own thread, waits for the socket and closes it. `release_socket` keeps it
/// from closing the socket while another thread writes.
///
/// Threads: `publish` and `displace` may be called from any thread, in the order of revisions; the
/// rest only on the connection's thread.
class event_stream final : public page_stream, public std::enable_shared_from_this<event_stream> {
public:
    struct settings {
        std::uint64_t page = 0;      ///< see `live::view_stream`
        std::string_view base_path;  ///< must outlive the stream
        std::size_t max_queue = 0;   ///< bytes that may wait behind the message being sent
        bool is_chunked = true;
    };

    event_stream(
        std::string_view conversation,
        live::executor& executor,
        const settings& wanted,
        unsent_bytes& unsent
    )
        : conversation_(conversation), executor_(executor), settings_(wanted), queue_(unsent) {}

    const std::string& conversation() const override { return conversation_; }

    std::uint64_t page() const override { return settings_.page; }

    void publish(const std::shared_ptr<const live::update>& update) noexcept override;
    void displace() noexcept override;

    /// Starts to write: first `head`, then everything that was published before.
    void open(int socket, std::string_view head, stream_watcher& watcher);

    /// Stops writing for good. Returns when no thread writes to the socket.
    void release_socket();

    enum class condition {
        idle,     ///< the queue is empty
        moving,   ///< some bytes were sent: call again when the socket is writable
        blocked,  ///< no bytes could be sent: call again when the socket is writable
        done,     ///< the queue is empty, and the last message was sent
        broken,   ///< the peer is gone, or reads too slowly
    };

    /// Sends the bytes that wait.
    condition flush();

    /// Sends a message, or queues it.
    void send(const frame& message);

    void send_last(const frame& message) override;

    /// Called once a second. Sends a heartbeat after `heartbeat` seconds without a message.
    void tick(unsigned heartbeat);

    bool is_chunked() const { return settings_.is_chunked; }

    /// Bytes that wait for the peer to read.
    std::size_t unsent();

private:
    enum class last { no, yes };
    void put(const frame& message, last is_last, const std::shared_ptr<const frame>& owner = {});
    void put_bytes(std::string_view bytes, const std::shared_ptr<const frame>& owner = {})
        STUBE_REQUIRES(mutex_);
    void wake_connection() STUBE_REQUIRES(mutex_);
    void break_stream();

    const std::string conversation_;
    live::executor& executor_;
    const settings settings_;
    stream_watcher* watcher_ = nullptr;  // the connection's thread only

    live::mutex mutex_;
    int socket_ STUBE_GUARDED_BY(mutex_) = -1;
    byte_queue queue_ STUBE_GUARDED_BY(mutex_);
    // Of `queue_`, in bytes; 0 until a message had to wait.
    std::size_t queue_limit_ STUBE_GUARDED_BY(mutex_) = 0;
    bool has_ended_ STUBE_GUARDED_BY(mutex_) = false;
    bool is_broken_ STUBE_GUARDED_BY(mutex_) = false;
    bool is_wakeup_posted_ STUBE_GUARDED_BY(mutex_) = false;
    unsigned silent_ticks_ STUBE_GUARDED_BY(mutex_) = 0;
};

/// Clears the calling thread's cache of encoded updates. Called now and then.
void clear_frames_of_this_thread();

}  // namespace stube::http
