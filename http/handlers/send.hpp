#pragma once

#include "http/handlers/exchange.hpp"
#include "http/protocol/page.hpp"

#include <string_view>

/// Responses that several handlers send.
namespace stube::http {

/// Sends an error in the form that fits the request: a fragment for events, a page for pages, else
/// plain text. `allow` is the Allow header of a 405.
void send_problem(exchange& ex, int status, std::string_view allow = {});

/// Sends a page without a conversation; `content` is finished HTML.
void send_plain_page(
    exchange& ex,
    int status,
    std::string_view content,
    std::string_view headers = page_headers
);

/// Sends a 303 to an address of this server. `more` contains further header lines.
void send_redirect(exchange& ex, std::string_view address, std::string_view more = {});

}  // namespace stube::http
