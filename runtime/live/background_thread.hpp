#pragma once

#include <stube/runtime/conversation_map.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace stube::live {

/// A thread that begins with the first work it gets.
/// Threads: any.
class background_thread final : public executor {
public:
    ~background_thread() override { stop(); }

    void post(std::function<void()> work) override {
        std::lock_guard lock(mutex_);
        if (stopped_) return;
        waiting_.push_back(std::move(work));
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        posted_.notify_one();
    }

    /// Runs what was posted, and what that posts, and ends. Idempotent. Not from its own thread.
    void stop() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
            if (!thread_.joinable()) stopped_ = true;
        }
        posted_.notify_one();
        std::call_once(joined_, [this] {
            if (thread_.joinable()) thread_.join();
        });
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            posted_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) break;
            auto work = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            work();
            work = nullptr;
            lock.lock();
        }
        stopped_ = true;
    }

    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> waiting_;
    bool stopping_ = false;
    bool stopped_ = false;
    std::once_flag joined_;
    std::thread thread_;
};

}  // namespace stube::live
