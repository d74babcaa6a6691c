#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

/// Counts the bytes that all connections of a server have not sent yet because they are not read.
/// Threads: any.
class unsent_account {
public:
    explicit unsent_account(std::size_t limit) : limit_(limit) {}

    void add(std::size_t more) {
        const std::size_t now = bytes_ += more;
        if (now > limit_ && on_over) on_over();
    }

    void take(std::size_t less) { bytes_ -= less; }

    std::size_t bytes() const { return bytes_; }

    bool is_over() const { return bytes_ > limit_; }

    /// Called when more is added than the limit allows; must not wait. Set before the threads
    /// begin.
    std::function<void()> on_over;

private:
    const std::size_t limit_;
    std::atomic<std::size_t> bytes_ = 0;
};

/// Bytes on their way to a slow reader. Large ones can be shared among the queues of several
/// readers.
class byte_queue {
public:
    explicit byte_queue(unsent_account& account) : account_(account) {}

    byte_queue(const byte_queue&) = delete;
    byte_queue& operator=(const byte_queue&) = delete;

    ~byte_queue() { clear(); }

    bool empty() const { return size_ == 0; }

    std::size_t size() const { return size_; }

    /// Copies.
    void append(std::string_view bytes);

    /// `bytes` is a part of what `owner` keeps alive.
    void append(std::shared_ptr<const void> owner, std::string_view bytes);

    /// Copies to the front.
    void put_first(std::string_view bytes);

    /// What is to be sent next; not empty unless the queue is.
    std::string_view front() const;

    /// So many bytes of the front are sent.
    void drop(std::size_t count);

    void clear();

private:
    /// Its own bytes, or a part of somebody else's.
    struct piece {
        std::string own;
        std::shared_ptr<const void> owner;
        std::string_view shared;

        std::string_view bytes() const { return owner ? shared : std::string_view(own); }
    };

    void count(std::size_t more);

    unsent_account& account_;
    std::vector<piece> pieces_;
    std::size_t sent_ = 0;  // of the first piece
    std::size_t size_ = 0;
};

}  // namespace stube::http
