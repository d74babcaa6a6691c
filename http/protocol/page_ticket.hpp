#pragma once

#include <stube/runtime/conversation.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The hidden field in each form of a page, for submissions before the scripts have run:
///
///     <token>.<page>.<step>.<revision>[.b]
///
/// The token proves that the form comes from a page that this server made for this session: another
/// site can make a browser submit a form, but it cannot read the page. The token is a digest of the
/// session's cookie and the conversation's id, so it need not be stored.
namespace stube::http {

struct page_ticket {
    std::string_view token;
    std::string_view page;       ///< a random id of this page
    std::uint64_t step = 0;      ///< the conversation's step that the page shows
    std::uint64_t revision = 0;  ///< the conversation's revision that the page shows
    bool is_bare = false;        ///< the page's address does not contain the conversation's id
};

std::string make_ticket(std::string_view session, const conversation& of, bool is_bare);

/// Returns std::nullopt if the text is not a ticket. The result has views into `text`.
std::optional<page_ticket> read_ticket(std::string_view text);

bool is_token_of(std::string_view token, std::string_view session, std::string_view conversation);

/// The event id of a submission. Two presses of one button on one page have the same id. Two
/// buttons and two values have different ids. `body` contains the ticket.
kernel::event_id submission_id(std::string_view target, std::string_view body);

}  // namespace stube::http
