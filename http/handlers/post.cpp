#include "http/handlers/exchange.hpp"
#include "http/protocol/page.hpp"
#include "http/protocol/text.hpp"

#include <stdexcept>

/// POST <path of the application>: a form that a browser sends without scripts.
namespace stube::http {

void answer_form(exchange& ex, const form_handler& answer) {
    const auto& asked = ex.asked();
    // Only headers set by the browser reveal a form from another site. (Events also have a header
    // that another site cannot make a browser send.) So these headers are required here.
    const bool says_where_from = !asked.fetch_site.empty() || !asked.origin.empty();
    if (!says_where_from || !is_same_site(asked)) return send_problem(ex, 403);
    if (!is_form(asked.content_type)) return send_problem(ex, 415);
    redirect next;
    try {
        next = answer(request_info(asked));
    } catch (const std::invalid_argument&) {
        return send_problem(ex, 400);
    }
    if (!is_local_address(next.to)) return send_problem(ex, 400);
    std::string more = "X-Content-Type-Options: nosniff\r\n";
    for (const auto& each : next.cookies)
        more += ex.site().cookie_line(each);
    send_redirect(ex, ex.site().base_path() + next.to, more);
}

}  // namespace stube::http
