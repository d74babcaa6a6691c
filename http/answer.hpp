#pragma once

#include <string>
#include <string_view>

/// Answers of HTTP/1.1 as bytes.
namespace stube::http {

struct answer {
    int status = 200;
    std::string_view type =
        "text/plain; charset=utf-8";  ///< empty: no body and no headers about one
    std::string_view headers = {};    ///< more header lines, each with its CRLF
    std::string_view body = {};
};

/// What an answer's head says beside the answer itself.
struct answer_terms {
    std::string_view date;   ///< as in the Date header
    bool close = false;      ///< the connection ends with this answer
    bool head_only = false;  ///< the request was a HEAD
};

std::string_view reason_of(int status);

void append_answer(std::string& out, const answer& what, const answer_terms& terms);

/// The present time as the Date header wants it.
std::string http_date();

}  // namespace stube::http
