#pragma once

#include <stube/runtime/conversation_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Options of a server. Every default is meant for production.
namespace stube {

/// Limits that protect the server from its clients. Timeouts use a clock that ticks once a second.
struct server_limits {
    // Bytes and counts.
    std::size_t max_head = 16 << 10;         ///< of request line and headers; beyond it: 431
    std::size_t max_body = 64 << 10;         ///< of a request; beyond it: 413
    std::size_t max_fields = 200;            ///< of a form; beyond it: 400
    std::size_t max_connections = 20'000;    ///< further connections are closed at once
    std::size_t max_stream_queue = 1 << 20;  ///< unsent bytes behind the message that is being
                                             ///< sent; beyond it the page must reconnect
    std::size_t max_unsent = 256 << 20;  ///< unsent bytes of all connections together; beyond it
                                         ///< the connections with the most are closed

    /// File descriptors that connections never use, whatever `max_connections` is: they are for the
    /// store, the log and the application. The process's limit is RLIMIT_NOFILE. At most half of
    /// the descriptors that are free at the start are reserved.
    std::size_t reserved_descriptors = 64;

    // The server's own log lines. The log records how many lines exceeded these limits.
    std::size_t max_log_queue = 1 << 20;  ///< bytes that wait for a slow reader; oldest are dropped
    std::size_t max_log_line = 16 << 10;  ///< bytes; longer lines are cut
    std::size_t max_log_rate = 50;        ///< lines of one kind in a second, such as failed events

    std::chrono::milliseconds head_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds write_timeout = std::chrono::seconds(60);  ///< if nothing is read
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);   ///< between requests
    std::chrono::milliseconds heartbeat = std::chrono::seconds(15);      ///< of a silent stream
    std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);  ///< when the server stops
};

struct server_options {
    std::string bind = "127.0.0.1";  ///< address to listen on; "0.0.0.0" and "::" mean all
    std::uint16_t port = 8080;       ///< 0: any free port
    std::size_t threads = 0;         ///< 0: one for each processor

    /// Prefix of every address that a browser sees ("/app" gives "/app/booking",
    /// "/app/stube/..."), for a proxy that forwards a part of its addresses. `/healthz`, `/readyz`
    /// and `/metrics` stay at the root.
    std::string base_path;

    /// Set this if a proxy in front of the server serves HTTPS. Cookies are then marked Secure and,
    /// without a base path, get the prefix `__Host-`, so that no other host of the domain can set
    /// them.
    bool behind_tls = false;

    /// Host names that the server accepts (the Host header, without the port):
    /// {"standup.example.org"}. A request for another name is refused with 421, so that no page of
    /// another site can reach the server under a name of its own (DNS rebinding). "localhost" and
    /// numeric addresses are always accepted; {"*"} accepts every name. An empty list accepts every
    /// name, unless the server listens on a loopback address without `behind_tls`: then it accepts
    /// none.
    std::vector<std::string> hosts;

    /// The time between the first 503 from `/readyz` and the end of accepting connections: as long
    /// as a load balancer needs to notice.
    std::chrono::milliseconds drain_delay = std::chrono::milliseconds(0);

    server_limits limits;
    conversation_options conversations;  ///< `app` is set from `app::provide`, and `secrets`
                                         ///< from `app::secret_keys`
};

}  // namespace stube
