#pragma once

#include "http/handlers/exchange.hpp"

/// Events from a browser without scripts.
namespace stube::http {

/// Applies an event.
void submit_event(exchange& ex, const route& route);

/// Shows a page with a button for a link that is an event.
void show_link(exchange& ex, const route& route);

}  // namespace stube::http
