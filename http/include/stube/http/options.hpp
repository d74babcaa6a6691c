#pragma once

#include <stube/runtime/live.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

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

    /// A proxy in front speaks HTTPS: the session cookie is marked Secure.
    bool behind_tls = false;

    /// How long `/readyz` says 503 before the server stops to accept: the time a load balancer
    /// needs.
    std::chrono::milliseconds drain_delay = std::chrono::milliseconds(0);

    server_limits limits;
    live_options live;  ///< `app` and `app_type` are set from `app::provide`
};

}  // namespace stube
