#include "http/protocol/response.hpp"

#include "http/protocol/text.hpp"

#include <array>
#include <ctime>

namespace stube::http {

std::string_view reason_of(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 410:
        return "Gone";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 507:
        return "Insufficient Storage";
    default:
        return "Status";
    }
}

void append_response(std::string& out, const response& response, const response_context& context) {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<unsigned>(response.status));
    out.append(" ").append(reason_of(response.status)).append("\r\nDate: ").append(context.date);
    if (!response.type.empty()) {
        out.append("\r\nContent-Type: ").append(response.type);
        out += "\r\nContent-Length: ";
        append_number(out, response.body.size());
    }
    out += "\r\n";
    if (context.close) out += "Connection: close\r\n";
    out.append(response.headers).append("\r\n");
    if (!context.head_only && !response.type.empty()) out.append(response.body);
}

std::string http_date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12>
        months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::string out;
    const auto two = [&](int value) {
        out += static_cast<char>('0' + value / 10 % 10);
        out += static_cast<char>('0' + value % 10);
    };
    // Not strftime, which uses the language of the locale.
    out.append(days[static_cast<std::size_t>(parts.tm_wday)]).append(", ");
    two(parts.tm_mday);
    out.append(" ").append(months[static_cast<std::size_t>(parts.tm_mon)]).append(" ");
    append_number(out, static_cast<unsigned>(parts.tm_year + 1900));
    out += ' ';
    two(parts.tm_hour);
    out += ':';
    two(parts.tm_min);
    out += ':';
    two(parts.tm_sec);
    return out += " GMT";
}

}  // namespace stube::http
