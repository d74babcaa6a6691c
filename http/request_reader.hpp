#pragma once

#include "http/request.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace stube::http {

/// Takes requests off the bytes of one connection, one after the other (HTTP/1.1 and 1.0, RFC
/// 9112).
///
/// Beast's parser reads and checks the grammar. What is added here: limits that are exact, refusal
/// of everything that two readers could understand differently (request smuggling), and views into
/// one buffer instead of copies of each header. Reused from request to request and from connection
/// to connection, so that reading allocates nothing once it is warm.
///
/// Threads: one.
class request_reader {
public:
    enum class progress {
        more,   ///< the request is not complete yet
        ready,  ///< `asked()` is complete
        bad,    ///< no request can be made of this: answer `status()` and close
    };

    request_reader(std::size_t max_head, std::size_t max_body);
    request_reader(const request_reader&) = delete;
    request_reader& operator=(const request_reader&) = delete;
    ~request_reader();

    /// Where to put what comes next; never empty.
    std::span<char> space();

    /// That many bytes have been put there.
    void commit(std::size_t size);

    /// Reads on. Call it until it wants more.
    progress next();

    /// Why the request is bad: 400, 413, 417, 431 or 501.
    int status() const;

    request& asked();

    /// True if the head has been read, so that the body is what is missing.
    bool has_head() const;

    /// True if nothing is here, so that the reader can serve someone else.
    bool empty() const;

    /// Forgets the request that has been answered; what came behind it stays.
    void finish();

    /// Forgets everything. The memory of a large request is given back.
    void reset();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace stube::http
