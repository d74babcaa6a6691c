#include "http/handlers/send.hpp"

#include "http/protocol/problem.hpp"
#include "http/protocol/wire_patches.hpp"

#include <string>

namespace stube::http {

void send_plain_page(exchange& ex, int status, std::string_view content, std::string_view headers) {
    auto& body = ex.scratch();
    body = ex.site().plain_head();
    append_plain_body(body, content);
    ex.send({status, html_type, headers, body});
}

void send_redirect(exchange& ex, std::string_view address, std::string_view more) {
    std::string headers = "Cache-Control: no-store\r\nLocation: ";
    headers.append(address).append("\r\n").append(more);
    ex.send({303, "text/plain; charset=utf-8", headers, {}});
}

void send_problem(exchange& ex, int status, std::string_view allow) {
    const auto problem = http_problem(status);
    const auto& request = ex.request();
    const bool is_internal = request.site_path.starts_with("/stube/") && !is_submission(request);
    auto& body = ex.scratch();
    std::string headers;
    if (!allow.empty()) headers.append("Allow: ").append(allow).append("\r\n");
    if (is_scripted_change(request)) {
        std::string text;
        append_problem_notice(text, problem, {});
        append_notice(body, text);
        headers += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
        return ex.send({problem.status, html_type, headers, body});
    }
    const bool wants_page = is_get_or_head(request) || is_submission(request) ||
                            ex.site().form_handler_at(request.site_path);
    if (wants_page && !is_internal && !request.site_path.empty()) {
        std::string content;
        append_problem_view(content, problem, {});
        return send_plain_page(ex, problem.status, content, headers.append(page_headers));
    }
    body.append(problem.text).append("\n");
    ex.send({problem.status, "text/plain; charset=utf-8", headers, body});
}

}  // namespace stube::http
