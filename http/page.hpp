#pragma once

#include "http/site.hpp"

#include <stube/http/app.hpp>

#include <span>
#include <string>
#include <string_view>

/// The page around a view: what a browser loads once.
namespace stube::http {

/// Header lines of every page. No `unsafe-` anything: neither inline scripts nor inline styles run.
inline constexpr std::string_view page_headers =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

inline constexpr std::string_view html_type = "text/html; charset=utf-8";

/// Everything from the doctype to what stands above the view. `more` is finished HTML for the head.
std::string
make_page_head(const page_options& options, std::string_view base_path, std::string_view more = {});

/// The styles of all these components, each within a rule for its element.
std::string component_styles(std::span<const component_type* const> known);

/// What they put into the head of a page: `styles` is the address of the above, or empty.
std::string make_component_head(
    std::span<const component_type* const> known,
    std::string_view styles,
    std::string_view base_path
);

/// The script elements of a page with a conversation.
std::string make_scripts(std::string_view base_path);

/// Completes a page with a conversation; `page` holds its head. `patches` hold the view, commands
/// and notices. The ticket is drawn for this page, see page_ticket.hpp.
void append_live_page(
    std::string& page,
    const site& of,
    const conversation& shown,
    std::span<const kernel::patch> patches,
    std::string_view ticket
);

/// The address of a conversation's page for browsers without scripts. It names the conversation and
/// one of its steps, or `last_step_word` for the view that ended the conversation.
std::string page_address(const site& of, const conversation& shown, std::string_view step);

inline constexpr std::string_view last_step_word = "end";

/// The name of a mount's cookie with the conversation that was begun last at the mount's address,
/// and the step that its page showed: "<id>.<step>". The browser's Back to that address leads
/// there, whatever was done at other mounts.
std::string bare_address_cookie(std::string_view mount);

/// The body of a page without one.
void append_plain_body(std::string& out, std::string_view content);

}  // namespace stube::http
