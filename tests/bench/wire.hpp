// The protocol as the load client reads it: HTTP/1.1 responses, chunked bodies, SSE messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The head of an HTTP response.
struct answer_head {
    int status = 0;
    bool chunked = false;
    std::size_t content_length = 0;
    std::size_t size = 0;  // in bytes, with the empty line at its end
};

/// Reads the head at the start of `text`; `size` is 0 when it is not complete yet.
/// Throws if the text is not an HTTP/1.1 response.
answer_head read_head(std::string_view text);

/// The value of the first header with this name (in lower case), or nothing.
std::string_view header_value(std::string_view head, std::string_view name);

/// Reads a body in chunks.
class chunk_reader {
public:
    /// Appends the body's bytes in `text` to `body`. Returns what comes after the last chunk.
    std::string_view feed(std::string_view text, std::string& body);

    bool done() const { return state_ == state::done; }

private:
    enum class state { size, extension, data, data_end, trailer, done };

    void read_size(char c);

    state state_ = state::size;
    std::size_t left_ = 0;
    std::size_t line_ = 0;
};

/// Reads the messages of an event stream.
class sse_reader {
public:
    /// Calls `on_message(data)` for each message that `text` completes, with its data lines joined.
    /// Comments, and blocks without data, are not messages.
    template <class Handler>
    void feed(std::string_view text, Handler on_message) {
        pending_.append(text);
        std::size_t start = 0;
        for (;;) {
            const auto end = pending_.find('\n', start);
            if (end == std::string::npos) break;
            if (line(std::string_view(pending_).substr(start, end - start))) {
                on_message(std::string_view(data_));
                data_.clear();
            }
            start = end + 1;
        }
        pending_.erase(0, start);
    }

private:
    bool line(std::string_view text);

    std::string pending_;
    std::string data_;
};

/// The addresses and the cookie that a page contains.
struct page {
    std::string stream;  // address of its event stream
    std::string event;   // address of its plus button
    std::string cookie;  // name=value
};

/// Throws when the page lacks one of them.
page read_page(std::string_view head, std::string_view body);

}  // namespace bench
