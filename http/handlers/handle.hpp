#pragma once

#include "http/handlers/exchange.hpp"

/// The entry point of the handlers. The transport calls no other function of them.
namespace stube::http {

/// Calls the handler for the request.
void handle(exchange& ex);

/// Answers a request that is refused before it reaches a handler. Its path decides the form of the
/// response.
void handle_refused(exchange& ex, int status);

/// Answers a request whose handler has failed.
void handle_failed(exchange& ex);

}  // namespace stube::http
