#pragma once

#include "http/site/unsent_bytes.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

/// Bytes on their way to a slow reader. The queues of several readers can share large blocks.
class byte_queue {
public:
    explicit byte_queue(unsent_bytes& total) : total_(total) {}

    byte_queue(const byte_queue&) = delete;
    byte_queue& operator=(const byte_queue&) = delete;

    ~byte_queue() { clear(); }

    bool empty() const { return size_ == 0; }

    std::size_t size() const { return size_; }

    /// Copies the bytes to the end.
    void append(std::string_view bytes);

    /// Refers to `bytes`, which must stay valid and unchanged while `owner` lives.
    void append(std::shared_ptr<const void> owner, std::string_view bytes);

    /// Copies the bytes to the front.
    void put_first(std::string_view bytes);

    /// The bytes to send next; empty only if the queue is.
    std::string_view front() const;

    /// Removes `count` bytes of `front()`, which have been sent.
    void drop(std::size_t count);

    void clear();

private:
    /// A copy of bytes, or a view of bytes that are shared.
    struct piece {
        std::string own;
        std::shared_ptr<const void> owner;
        std::string_view shared;

        std::string_view bytes() const { return owner ? shared : std::string_view(own); }
    };

    void count(std::size_t more);

    unsent_bytes& total_;
    std::vector<piece> pieces_;
    std::size_t sent_ = 0;  // of the first piece
    std::size_t size_ = 0;
};

}  // namespace stube::http
