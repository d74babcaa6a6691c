#include "http/transport/byte_queue.hpp"

#include <utility>

namespace stube::http {

void byte_queue::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (pieces_.empty() || pieces_.back().owner) pieces_.emplace_back();
    pieces_.back().own.append(bytes);
    count(bytes.size());
}

void byte_queue::append(std::shared_ptr<const void> owner, std::string_view bytes) {
    if (bytes.empty()) return;
    pieces_.push_back({{}, std::move(owner), bytes});
    count(bytes.size());
}

void byte_queue::put_first(std::string_view bytes) {
    if (bytes.empty()) return;
    pieces_.insert(pieces_.begin(), piece{std::string(bytes), {}, {}});
    count(bytes.size());
}

std::string_view byte_queue::front() const {
    return pieces_.empty() ? std::string_view() : pieces_.front().bytes().substr(sent_);
}

/// Sent bytes of a copy are removed only when they are more than half of it. Each send takes little
/// of a large view, and moving the rest every time would cost quadratic time.
void byte_queue::drop(std::size_t count) {
    sent_ += count;
    size_ -= count;
    total_.remove(count);
    auto& first = pieces_.front();
    if (sent_ == first.bytes().size()) {
        sent_ = 0;
        pieces_.erase(pieces_.begin());
        if (pieces_.empty()) pieces_.shrink_to_fit();
    } else if (!first.owner && sent_ > first.own.size() / 2) {
        first.own.erase(0, sent_);
        sent_ = 0;
    }
}

void byte_queue::clear() {
    total_.remove(std::exchange(size_, 0));
    sent_ = 0;
    std::vector<piece>().swap(pieces_);
}

void byte_queue::count(std::size_t more) {
    size_ += more;
    total_.add(more);
}

}  // namespace stube::http
