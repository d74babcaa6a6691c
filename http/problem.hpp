#pragma once

#include "http/request.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <string>
#include <string_view>

/// What goes wrong, in words for the person before the page. The log says the rest.
namespace stube::http {

struct problem {
    int status;
    std::string_view title;
    std::string_view text;
};

/// For refusals of the runtime; those that are answered with a view have none (500).
problem problem_of(live::status what);

/// The same for a request: one without any cookie is told so, instead of that the page is not its.
problem problem_of(live::status what, const request& asked);

/// For a browser that sends no cookie.
problem needs_cookie();

/// For refusals of the protocol: 400, 403, 404, 405, 408, 413, 415, 417, 431, 500, 501.
problem problem_of(int status);

/// A paragraph for the page's place for messages. `restart` is an address, or empty for no link.
void append_problem_notice(std::string& out, const problem& what, std::string_view restart);

/// A section that stands in place of the view. `error_id` may be empty.
void append_problem_view(
    std::string& out,
    const problem& what,
    std::string_view restart,
    std::string_view error_id = {}
);

}  // namespace stube::http
