#pragma once

#include "http/handlers/exchange.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The inspector on the pages of an application, see `app::inspector`.
namespace stube::http {

/// A request about an archived state: `?c=ID&inspect=1&head=N` shows the page as it was, and
/// `&fork=N` begins a conversation that continues from there.
struct archived_request {
    enum class purpose { show, fork };

    purpose wanted = purpose::show;
    std::string conversation;
    std::uint64_t head = 0;
};

/// The request, if it has `inspect` and the application allows the visitor to inspect.
std::optional<archived_request> archived_request_in(exchange& ex);

/// Shows the page as it was at a head, without events.
void show_archived_page(exchange& ex, const mount_point& mount, const archived_request& wanted);

/// Adds the panel to a page of this conversation, and remembers it in a cookie, if the visitor
/// inspects. `page` is a finished page.
void add_inspector(
    exchange& ex,
    std::string_view conversation,
    std::string& page,
    std::string& headers
);

/// GET /stube/inspector.css
void send_inspector_labels(exchange& ex);

}  // namespace stube::http
