#pragma once

#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace stube::live {

/// An executor whose thread begins with the first posted function.
/// Threads: any.
class background_thread final : public executor {
public:
    ~background_thread() override { stop(); }

    void post(std::function<void()> work) override {
        const mutex_lock lock(mutex_);
        if (stopped_) return;
        waiting_.push_back(std::move(work));
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        posted_.notify_one();
    }

    /// Runs all posted functions, and those that they post, and ends the thread. Idempotent. Must
    /// not be called from its own thread.
    void stop() {
        {
            const mutex_lock lock(mutex_);
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
        mutex_lock lock(mutex_);
        for (;;) {
            while (!stopping_ && waiting_.empty())
                posted_.wait(lock);
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

    mutex mutex_;
    condition_variable posted_;
    std::deque<std::function<void()>> waiting_ STUBE_GUARDED_BY(mutex_);
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    bool stopped_ STUBE_GUARDED_BY(mutex_) = false;
    std::once_flag joined_;
    std::thread thread_;  ///< begun with the mutex locked, joined once
};

}  // namespace stube::live
