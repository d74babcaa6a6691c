#pragma once

#include "http/handlers/exchange.hpp"

namespace stube::http {

/// Shows a page with a conversation: begins one, or shows the one that `?c=` names.
void visit(exchange& ex, const mount_point& mount);

}  // namespace stube::http
