#pragma once

#include "http/protocol/request.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace stube::http {

/// Reads requests from the bytes of one connection, one after the other (HTTP/1.1 and 1.0, RFC
/// 9112).
///
/// Beast's parser reads and checks the grammar. This class adds exact limits, refuses everything
/// that two readers could understand differently (request smuggling), and gives views into one
/// buffer instead of copies of each header. A reader is reused from request to request and from
/// connection to connection, so a warm reader allocates nothing.
///
/// Threads: one.
class request_reader {
public:
    enum class progress {
        more,   ///< the request is not complete yet
        ready,  ///< `request()` is complete
        bad,    ///< not a valid request: answer with `status()` and close the connection
    };

    request_reader(std::size_t max_head, std::size_t max_body);
    request_reader(const request_reader&) = delete;
    request_reader& operator=(const request_reader&) = delete;
    ~request_reader();

    /// The buffer for the next bytes; never empty.
    std::span<char> space();

    /// Adds the first `size` bytes of `space()` to the input.
    void commit(std::size_t size);

    /// Reads the next request, as far as its bytes have arrived. Call it until it returns `more`.
    progress next();

    /// Why the request is bad: 400, 413, 417, 431 or 501.
    int status() const;

    http::request& request();

    /// True if the head has been read, so that only the body may be missing.
    bool has_head() const;

    /// True if the reader holds no bytes and no request, so that another connection can use it.
    bool empty() const;

    /// Drops the request that has been answered. The bytes behind it stay.
    void finish();

    /// Drops everything, and frees the memory of a large request.
    void reset();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace stube::http
