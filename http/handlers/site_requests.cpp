#include "http/handlers/exchange.hpp"
#include "http/protocol/text.hpp"

/// Embedded files, files of the application and static pages. All of them are finished bytes.
namespace stube::http {

namespace {

/// True if an Accept-Encoding header allows gzip: "gzip", "br, gzip;q=0.5", but not "gzip;q=0".
bool takes_gzip(std::string_view accepted) {
    while (!accepted.empty()) {
        auto parameters = take_until(accepted, ',');
        const auto name = trimmed(take_until(parameters, ';'));
        if (!same_word(name, "gzip") && name != "*") continue;
        const auto weight = trimmed(parameters);
        return !(weight.starts_with("q=0") && weight.find_first_not_of("0.", 3) == weight.npos);
    }
    return false;
}

/// True if an If-None-Match header contains the tag.
bool is_known(std::string_view known, std::string_view etag) {
    while (!known.empty()) {
        auto each = trimmed(take_until(known, ','));
        if (each.starts_with("W/")) each.remove_prefix(2);
        if (each == etag || each == "*") return true;
    }
    return false;
}

}  // namespace

void send_file(exchange& ex, const static_file& file) {
    const auto& asked = ex.asked();
    if (is_known(asked.header("if-none-match"), file.etag))
        return ex.send({304, {}, file.headers, {}});
    if (file.gzip.empty() || !takes_gzip(asked.header("accept-encoding"))) {
        return ex.send({200, file.type, file.headers, file.body});
    }
    const auto headers = file.headers + "Content-Encoding: gzip\r\n";
    ex.send({200, file.type, headers, file.gzip});
}

}  // namespace stube::http
