#pragma once

#include "http/byte_queue.hpp"
#include "http/wire_patches.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace stube::http {

/// Is told that a stream needs its connection.
/// Threads: the connection's own.
class stream_watcher {
public:
    virtual void stream_moved() = 0;

protected:
    ~stream_watcher() = default;
};

/// An open page that listens, GET /stube/stream/<conversation>.
///
/// What is published goes to the socket at once, on the thread that publishes, and waits in a queue
/// only while the peer does not read: no thread has to be woken up for an event whose stream lives
/// elsewhere. The connection, on its own thread, waits for the socket, closes it, and keeps it from
/// being closed while someone writes (`let_go`).
///
/// Threads: `publish` and `displace` any, in the order of revisions; the rest the connection's.
class event_stream final : public live::view_stream,
                           public std::enable_shared_from_this<event_stream> {
public:
    struct settings {
        std::string_view base_path;  ///< outlives the stream
        std::size_t max_queue = 0;   ///< bytes that may wait behind what is being sent
        bool is_chunked = true;
    };

    event_stream(
        std::string_view conversation,
        live::executor& home,
        const settings& wanted,
        unsent_account& unsent
    )
        : conversation_(conversation), home_(home), settings_(wanted), queue_(unsent) {}

    const std::string& conversation() const { return conversation_; }

    void publish(const std::shared_ptr<const live::update>& what) noexcept override;
    void displace() noexcept override;

    /// From now on bytes go out: first `head`, then what was published before.
    void open(int socket, std::string_view head, stream_watcher& watcher);

    /// From now on nothing goes out any more. Returns when nobody writes.
    void let_go();

    enum class condition {
        idle,     ///< all is sent
        moving,   ///< some more is sent: call again when the socket can be written to
        blocked,  ///< nothing could be sent: likewise
        done,     ///< all is sent, and it was the last
        broken,   ///< the peer is gone, or reads too slowly
    };

    /// Sends what waits.
    condition flush();

    void say(const frame& what);

    /// The last thing that is said; nothing follows.
    void say_last(const frame& what);

    /// Once a second. Gives a sign of life after `heartbeat` silent ones.
    void tick(unsigned heartbeat);

    bool is_chunked() const { return settings_.is_chunked; }

    /// Bytes that wait for the peer to read.
    std::size_t unsent();

private:
    enum class last { no, yes };
    void put(const frame& what, last how, const std::shared_ptr<const frame>& owner = {});
    void put_bytes(std::string_view bytes, const std::shared_ptr<const frame>& owner = {});
    void wake();
    void give_up();

    const std::string conversation_;
    live::executor& home_;
    const settings settings_;
    stream_watcher* watcher_ = nullptr;  // the connection's thread only

    std::mutex mutex_;  // for all below
    int socket_ = -1;
    byte_queue queue_;
    std::size_t queue_limit_ = 0;  // while something waits; 0: nothing has yet, but for the head
    bool has_ended_ = false;
    bool is_broken_ = false;
    bool is_waking_ = false;
    unsigned silent_ticks_ = 0;
};

/// Forgets what the calling thread keeps for encoding an update once. Now and then.
void forget_frames_of_this_thread();

}  // namespace stube::http
