#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// A client that sends exactly the bytes it is given.
namespace testing {

struct response {
    int status = 0;
    std::string head;  ///< with its empty line
    std::string body;  ///< chunks joined

    /// The value of the first header with this name (lower case), or nothing.
    std::string header(std::string_view name) const;

    bool contains(std::string_view text) const { return body.find(text) != body.npos; }
};

class client {
public:
    /// With a `window`, at most so many bytes arrive before they are read. Without one the system
    /// buffers some megabytes.
    explicit client(std::uint16_t port, int window = 0);
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client();

    void send(std::string_view bytes);

    /// The next whole response, with a body by Content-Length. Throws if no response comes.
    response read(bool is_head = false);

    response ask(std::string_view bytes) {
        send(bytes);
        return read();
    }

    /// The head of a stream's response.
    response read_head();

    /// Reads until `text` has come, and takes everything up to its end. Throws if it does not come.
    std::string read_until(std::string_view text);

    /// The next bytes, or nothing if the server closes.
    std::string read_some();

    /// Everything until the server closes.
    std::string read_to_end();

    /// Resets the connection, so that the server's side fails at once.
    void reset();

    /// True if the server closes within the time, and sends nothing before.
    bool is_closed_within(std::chrono::milliseconds time);

    /// True if something comes within the time.
    bool receives_within(std::chrono::milliseconds time);

private:
    bool fill(std::chrono::milliseconds time);  // false: closed, or nothing came

    int socket_ = -1;
    bool closed_ = false;
    std::string read_;
};

/// "GET /x HTTP/1.1" with a host and `headers`, each with its CRLF.
std::string get(std::string_view target, std::string_view headers = {});

}  // namespace testing
