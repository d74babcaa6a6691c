// The load: clients that send one event, wait for its response and its patch, and send the next.
// They are pages that name themselves to their stream, so the patch is in the response.
#pragma once

#include "wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A socket that is closed with this value.
class socket_handle {
public:
    /// Connects to 127.0.0.1. Reading and writing time out after ten seconds.
    explicit socket_handle(std::uint16_t port);
    socket_handle(socket_handle&& other) noexcept;
    socket_handle& operator=(socket_handle&&) = delete;
    ~socket_handle();

    int get() const { return fd_; }

    void write(std::string_view bytes) const;

    /// Appends the next bytes that arrive to `bytes`.
    void read(std::string& bytes) const;

private:
    int fd_;
};

/// Opens /counter in a new conversation.
page mint(const socket_handle& connection, std::uint16_t port);

/// Opens the page's stream and returns its first bytes after the head. `id` names the page: the
/// upper 40 bits of its event ids.
std::string
attach(const socket_handle& connection, const page& opened, std::uint64_t id, std::uint16_t port);

/// Where a server sends the patch of an event.
enum class patch_place {
    in_response,
    on_stream,  ///< and the response is 204
};

struct load_limits {
    std::size_t events = 0;
    std::chrono::nanoseconds time{};  // no event is sent after that
};

struct load_result {
    std::size_t events = 0;
    std::chrono::nanoseconds time{};
    std::vector<std::uint32_t> latencies;  // in nanoseconds
};

/// Clients with a conversation, an open stream and a connection for events each.
class load {
public:
    load(std::uint16_t port, std::size_t clients, patch_place expected = patch_place::in_response);
    load(const load&) = delete;
    load& operator=(const load&) = delete;
    ~load();

    /// Returns when the responses and patches of all events have come.
    /// Throws on the first wrong response or patch, and when progress stops.
    load_result run(const load_limits& limits);

private:
    struct client;
    struct progress;

    void send_next(client& sender, progress& now);
    void receive(client& receiver, bool stream, progress& now);
    void watch(std::size_t index, bool stream) const;

    int epoll_;
    std::vector<std::unique_ptr<client>> clients_;
};

/// Set by a signal: everything that waits throws soon.
void stop_all_loads();

}  // namespace bench
