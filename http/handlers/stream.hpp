#pragma once

#include "http/handlers/exchange.hpp"

namespace stube::http {

/// Opens the event stream of a page.
void attach_stream(exchange& ex, const route& route);

}  // namespace stube::http
