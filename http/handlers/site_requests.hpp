#pragma once

#include "http/handlers/exchange.hpp"

/// Requests that do not concern a conversation.
namespace stube::http {

/// Sends an asset or a static page.
void send_file(exchange& ex, const static_file& file);

/// Calls the application's handler for a form, POST <path of the application>. A browser sends the
/// form without scripts.
void handle_form(exchange& ex, const form_handler& handler);

/// GET and HEAD of /healthz, /readyz and /metrics.
void send_operations(exchange& ex, route_kind kind);

}  // namespace stube::http
