#include "http/handlers/exchange.hpp"
#include "http/site/server_log.hpp"

/// Requests of the people and programs that run the server.
namespace stube::http {

void send_operations(exchange& ex, route::kind what) {
    constexpr std::string_view plain = "text/plain; charset=utf-8";
    constexpr std::string_view fresh = "Cache-Control: no-store\r\n";
    if (what == route::kind::metrics) {
        const auto& site = ex.site();
        const auto text = site.counts.text(
            {site.live->size(), site.unsent.bytes(), site.log->lost()},
            site.live->counts()
        );
        return ex.send({200, "text/plain; version=0.0.4; charset=utf-8", fresh, text});
    }
    if (what == route::kind::ready && ex.site().draining)
        return ex.send({503, plain, fresh, "draining\n"});
    ex.send({200, plain, fresh, what == route::kind::ready ? "ready\n" : "ok\n"});
}

}  // namespace stube::http
