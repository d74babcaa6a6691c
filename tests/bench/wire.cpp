#include "wire.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace bench {

namespace {

constexpr std::size_t max_chunk = 16 << 20;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return lower(x) == lower(y);
    });
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
    return -1;
}

std::string unescaped(std::string_view attribute) {
    std::string text(attribute);
    constexpr std::string_view escaped = "&amp;";
    for (auto at = text.find(escaped); at != std::string::npos; at = text.find(escaped, at + 1)) {
        text.erase(at + 1, escaped.size() - 1);
    }
    return text;
}

/// The first value of the attribute that ends with `ending`.
std::string attribute(std::string_view html, std::string_view name, std::string_view ending) {
    const auto start = std::string(name) + "=\"";
    for (auto at = html.find(start); at != html.npos; at = html.find(start, at + 1)) {
        const auto from = at + start.size();
        const auto value = html.substr(from, html.find('"', from) - from);
        if (value.ends_with(ending)) return unescaped(value);
    }
    throw std::runtime_error("the page has no " + start + "..." + std::string(ending) + "\"");
}

}  // namespace

answer_head read_head(std::string_view text) {
    constexpr std::string_view version = "HTTP/1.1 ";
    answer_head head;
    if (text.substr(0, version.size()) != version.substr(0, text.size())) {
        throw std::runtime_error("not an HTTP/1.1 answer: " + std::string(text.substr(0, 80)));
    }
    const auto end = text.find("\r\n\r\n");
    if (end == text.npos) return head;
    head.size = end + 4;
    std::from_chars(text.data() + version.size(), text.data() + end, head.status);
    if (head.status == 204) return head;
    const auto length = header_value(text.substr(0, end), "content-length");
    std::from_chars(length.data(), length.data() + length.size(), head.content_length);
    head.chunked = header_value(text.substr(0, end), "transfer-encoding") == "chunked";
    return head;
}

std::string_view header_value(std::string_view head, std::string_view name) {
    for (auto at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const auto colon = line.find(':');
        if (colon == line.npos || !same_name(line.substr(0, colon), name)) continue;
        const auto value = line.substr(colon + 1);
        return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    return {};
}

void chunk_reader::read_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0) {
        left_ = left_ * 16 + static_cast<std::size_t>(digit);
        ++line_;
        if (left_ > max_chunk) throw std::runtime_error("a chunk is too large");
        return;
    }
    if (line_ == 0) throw std::runtime_error("a chunk has no size");
    state_ = state::extension;
}

std::string_view chunk_reader::feed(std::string_view text, std::string& body) {
    while (!text.empty() && state_ != state::done) {
        if (state_ == state::data) {
            const auto part = text.substr(0, left_);
            body.append(part);
            left_ -= part.size();
            text.remove_prefix(part.size());
            if (left_ == 0) state_ = state::data_end;
            continue;
        }
        const char c = text.front();
        if (state_ == state::size) read_size(c);
        if (state_ == state::data_end && c != '\r' && c != '\n') {
            throw std::runtime_error("a chunk is longer than its size");
        }
        text.remove_prefix(1);
        if (c != '\n') {
            if (c != '\r' && state_ == state::trailer) ++line_;
            continue;
        }
        if (state_ == state::extension) {
            state_ = left_ > 0 ? state::data : state::trailer;
        } else if (state_ == state::data_end) {
            state_ = state::size;
        } else if (state_ == state::trailer && line_ == 0) {
            state_ = state::done;
        }
        line_ = 0;
    }
    return text;
}

bool sse_reader::line(std::string_view text) {
    constexpr std::string_view data = "data:";
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return !data_.empty();
    if (!text.starts_with(data)) return false;
    text.remove_prefix(data.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
    data_.append(text).push_back('\n');
    return false;
}

page read_page(std::string_view head, std::string_view body) {
    const auto cookie = header_value(head, "set-cookie");
    if (!cookie.starts_with("stube_session=")) {
        throw std::runtime_error("the page sets no stube_session cookie");
    }
    return {
        attribute(body, "data-stream", ""),
        attribute(body, "formaction", "/inc"),
        std::string(cookie.substr(0, cookie.find(';')))
    };
}

}  // namespace bench
