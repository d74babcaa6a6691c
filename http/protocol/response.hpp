#pragma once

#include <string>
#include <string_view>

/// HTTP/1.1 responses as bytes.
namespace stube::http {

struct response {
    int status = 200;
    std::string_view type =
        "text/plain; charset=utf-8";  ///< empty: no body and no headers about one
    std::string_view headers = {};    ///< further header lines, each with its CRLF
    std::string_view body = {};
};

/// The properties of a response that depend on its connection and request.
struct response_context {
    std::string_view date;   ///< value of the Date header
    bool close = false;      ///< the connection closes after this response
    bool head_only = false;  ///< the request was a HEAD
};

std::string_view reason_of(int status);

void append_response(std::string& out, const response& response, const response_context& context);

/// The present time in the format of the Date header.
std::string http_date();

}  // namespace stube::http
