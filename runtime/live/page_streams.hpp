#pragma once

#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace stube::live {

/// The streams of a conversation's open pages, the oldest first.
/// Threads: any.
class page_streams {
public:
    using stream_ptr = std::shared_ptr<view_stream>;

    /// True while at least one page is open.
    bool is_open() const { return is_open_; }

    /// If there are `max` streams already, removes the oldest one and returns it. Its page may have
    /// left without closing the connection.
    stream_ptr add(stream_ptr stream, std::size_t max) {
        const mutex_lock lock(mutex_);
        stream_ptr oldest;
        if (!streams_.empty() && streams_.size() >= max) {
            oldest = std::move(streams_.front());
            streams_.erase(streams_.begin());
        }
        streams_.push_back(std::move(stream));
        is_open_ = true;
        return oldest;
    }

    void remove(const view_stream* stream) {
        const mutex_lock lock(mutex_);
        std::erase_if(streams_, [&](const stream_ptr& each) { return each.get() == stream; });
        is_open_ = !streams_.empty();
    }

    void clear() {
        const mutex_lock lock(mutex_);
        streams_.clear();
        is_open_ = false;
    }

    std::vector<stream_ptr> all() const {
        const mutex_lock lock(mutex_);
        return streams_;
    }

private:
    mutable mutex mutex_;
    std::vector<stream_ptr> streams_ STUBE_GUARDED_BY(mutex_);
    std::atomic<bool> is_open_ = false;
};

}  // namespace stube::live
