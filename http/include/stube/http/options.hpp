#pragma once

#include <stube/runtime/conversation_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// How a server is set up. Every default is meant for production.
namespace stube {

/// What a client may ask of the server. Times are kept by a clock that ticks once a second.
struct server_limits {
    // Bytes and counts.
    std::size_t max_head = 16 << 10;         ///< request line and headers; more is a 431
    std::size_t max_body = 64 << 10;         ///< of a request; more is a 413
    std::size_t max_fields = 200;            ///< of a form; more is a 400
    std::size_t max_connections = 20'000;    ///< more are closed at once
    std::size_t max_stream_queue = 1 << 20;  ///< unsent behind the message that is being sent; then
                                             ///< the page has to come back
    std::size_t max_unsent = 256 << 20;      ///< unsent bytes of all connections together; beyond
                                             ///< that, connections with the most are closed

    /// Kept free below the process's limit of descriptors (RLIMIT_NOFILE), for the store, the log
    /// and the application: connections never use them, whatever `max_connections` says. Of a limit
    /// that leaves less than twice as many, half is kept.
    std::size_t reserved_descriptors = 64;

    // The server's own lines of the log. Lines beyond these limits are counted in the log.
    std::size_t max_log_queue = 1 << 20;  ///< bytes that wait for a slow reader; oldest are dropped
    std::size_t max_log_line = 16 << 10;  ///< bytes; longer lines are cut
    std::size_t max_log_rate = 50;        ///< lines of one kind in a second, such as failed events

    std::chrono::milliseconds head_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds write_timeout = std::chrono::seconds(60);  ///< if nothing is read
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);   ///< between requests
    std::chrono::milliseconds heartbeat = std::chrono::seconds(15);      ///< on a silent stream
    std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);  ///< at the end
};

struct server_options {
    std::string bind = "127.0.0.1";  ///< address to listen on; "0.0.0.0" and "::" are all of them
    std::uint16_t port = 8080;       ///< 0: any free one
    std::size_t threads = 0;         ///< 0: as many as the machine has

    /// Stands before every address that a browser sees ("/app" gives "/app/booking",
    /// "/app/stube/..."), for a proxy that passes on a part of its addresses. `/healthz`, `/readyz`
    /// and `/metrics` stay at the root.
    std::string base_path;

    /// A proxy in front speaks HTTPS: cookies are marked Secure and, without a base path, named
    /// with `__Host-`, so that no other host of the domain can plant them.
    bool behind_tls = false;

    /// Names that browsers may ask for (the Host header, without the port):
    /// {"standup.example.org"}. A request for another name is refused with 421, so that no page of
    /// another site can reach the server under a name of its own (DNS rebinding). "localhost" and
    /// numeric addresses are always allowed; {"*"} allows every name. Empty: every name, unless the
    /// server listens on a loopback address without `behind_tls`, which allows none.
    std::vector<std::string> hosts;

    /// How long `/readyz` says 503 before the server stops to accept: the time a load balancer
    /// needs.
    std::chrono::milliseconds drain_delay = std::chrono::milliseconds(0);

    server_limits limits;
    conversation_options conversations;  ///< `app` and `app_type` are set from `app::provide`
};

}  // namespace stube
