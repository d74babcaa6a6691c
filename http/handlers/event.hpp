#pragma once

#include "http/handlers/exchange.hpp"

/// Requests of a page's scripts.
namespace stube::http {

/// Applies an event.
void apply_event(exchange& ex, const route& route);

/// Moves within a conversation's history: the browser's Back or Forward.
void go_back(exchange& ex, const route& route);

/// Sends the changes to a page without a stream.
void send_news(exchange& ex, const route& route);

}  // namespace stube::http
