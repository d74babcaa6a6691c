#pragma once

#include "http/protocol/request.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <string>
#include <string_view>

/// Errors in words for the user. The log contains the details.
namespace stube::http {

struct problem {
    int status;
    std::string_view title;
    std::string_view text;
};

/// For a result of the conversation map. A result that is answered with a view gives the problem of
/// 500.
problem conversation_problem(live::status status);

/// The same, but for a request without a session cookie `foreign` gives `needs_cookie()`.
problem conversation_problem_for(live::status status, const request& request);

/// For a browser that sends no cookie.
problem needs_cookie();

/// For an HTTP status: 400, 403, 404, 405, 408, 413, 415, 417, 421, 431, 500, 501. Any other status
/// gives the problem of 500.
problem http_problem(int status);

/// Appends a paragraph for the page's notices. `restart` is an address, or empty for no link.
void append_problem_notice(std::string& out, const problem& problem, std::string_view restart);

/// Appends a section that replaces the view. `error_id` may be empty.
void append_problem_view(
    std::string& out,
    const problem& problem,
    std::string_view restart,
    std::string_view error_id = {}
);

}  // namespace stube::http
