#pragma once

#include <stube/http/page_options.hpp>
#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

/// The page around a view. A browser loads it once.
namespace stube::http {

/// Header lines of every page. The policy has no `unsafe-` source, so inline scripts and inline
/// styles are blocked.
inline constexpr std::string_view page_headers =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

/// The same for a page that a page of this server may show in a frame.
std::string framed_page_headers();

inline constexpr std::string_view html_type = "text/html; charset=utf-8";

/// The address of an embedded file; empty if the library was built without the file.
std::string asset_address(std::string_view name, std::string_view base_path);

/// Appends the element that loads a style sheet; nothing for an empty address.
void append_stylesheet(std::string& out, std::string_view address);

/// The page from the doctype to the header above the view. `more` is finished HTML for the head.
std::string
make_page_head(const page_options& options, std::string_view base_path, std::string_view more = {});

/// The styles of these components, each inside a rule for the component's element.
std::string component_styles(std::span<const component_type* const> known);

/// The part of a page's head for these components: the link to their styles and their modules.
/// `styles` is the address of `component_styles`, or empty.
std::string make_component_head(
    std::span<const component_type* const> known,
    std::string_view styles,
    std::string_view base_path
);

/// The script elements of a page with a conversation.
std::string make_scripts(std::string_view base_path);

/// The parts of a site that every page with a conversation contains. The texts must outlive it.
struct page_settings {
    std::string_view base_path;
    std::string_view scripts;  ///< `make_scripts`
    std::chrono::milliseconds heartbeat;
};

/// Completes a page with a conversation; `page` holds its head. `patches` contain the view,
/// commands and notices. The ticket belongs to this page only, see page_ticket.hpp.
void append_live_page(
    std::string& page,
    const page_settings& settings,
    const conversation& shown,
    std::span<const kernel::patch> patches,
    std::string_view ticket
);

/// The address of a conversation's page for browsers without scripts. It contains the
/// conversation's id and one of its steps, or `last_step_word` for the view that ended the
/// conversation.
std::string
page_address(std::string_view base_path, const conversation& shown, std::string_view step);

inline constexpr std::string_view last_step_word = "end";

/// The name of the cookie for a mount. `path` is that of the mount, with its parameters. The value
/// "<id>.<step>" is the conversation that began last there, and the step that its page showed. The
/// browser's Back to an address without a conversation leads to this step, whatever was done at
/// other mounts.
std::string bare_address_cookie(std::string_view base_path, std::string_view path);

/// Completes a page without a conversation.
void append_plain_body(std::string& out, std::string_view content);

}  // namespace stube::http
