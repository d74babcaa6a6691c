#include "runtime/live/work_pool.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/live/mutex.hpp"

#include <algorithm>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

namespace stube::live {

namespace {

work_pool::result run_job(const std::function<answer_value()>& run) {
    try {
        return {run(), std::nullopt};
    } catch (...) {
        return {{}, current_exception_message()};
    }
}

}  // namespace

class work_pool::inside : public std::enable_shared_from_this<inside> {
public:
    inside(std::size_t max_threads, std::size_t max_waiting)
        : max_threads_(std::max<std::size_t>(max_threads, 1)), max_waiting_(max_waiting) {}

    bool submit(job wanted) {
        const mutex_lock lock(mutex_);
        const auto free = idle_ + (max_threads_ - threads_);
        if (stopping_ || waiting_.size() >= max_waiting_ + free) return false;
        if (waiting_.size() >= idle_ && threads_ < max_threads_ && !begin_thread()) return false;
        waiting_.push_back(std::move(wanted));
        changed_.notify_one();
        return true;
    }

    counts now() const {
        const mutex_lock lock(mutex_);
        return {running_, waiting_.size()};
    }

    rest stop(std::chrono::milliseconds limit) {
        // Destroyed after the lock, because the destructors of jobs are code of the application.
        std::deque<job> dropped;
        mutex_lock lock(mutex_);
        if (std::exchange(stopping_, true)) return {};
        dropped.swap(waiting_);
        changed_.notify_all();
        const auto latest = std::chrono::steady_clock::now() + limit;
        while (running_ > 0) {
            if (!stopped_.wait_until(lock, latest)) break;
        }
        drops_results_ = true;
        const auto abandoned = running_ - reporting_;
        while (reporting_ > 0 || idle_ > 0)
            stopped_.wait(lock);
        return {dropped.size(), abandoned};
    }

private:
    bool begin_thread() STUBE_REQUIRES(mutex_) {
        try {
            std::thread([self = shared_from_this()] { self->run(); }).detach();
        } catch (const std::system_error&) {
            return threads_ > 0;  // the other threads run the job
        }
        ++threads_;
        ++idle_;
        return true;
    }

    void run() {
        mutex_lock lock(mutex_);
        for (;;) {
            while (!stopping_ && waiting_.empty())
                changed_.wait(lock);
            if (waiting_.empty()) break;
            auto next = std::move(waiting_.front());
            waiting_.pop_front();
            --idle_;
            ++running_;
            lock.unlock();
            auto done = run_job(next.run);
            lock.lock();
            if (!drops_results_) {
                ++reporting_;
                lock.unlock();
                next.done(std::move(done));
                lock.lock();
                --reporting_;
                stopped_.notify_all();
            }
            lock.unlock();
            next = {};
            lock.lock();
            --running_;
            ++idle_;
            stopped_.notify_all();
        }
        --idle_;
        --threads_;
        stopped_.notify_all();
    }

    const std::size_t max_threads_;
    const std::size_t max_waiting_;
    mutable mutex mutex_;
    condition_variable changed_;
    condition_variable stopped_;
    std::deque<job> waiting_ STUBE_GUARDED_BY(mutex_);
    std::size_t threads_ STUBE_GUARDED_BY(mutex_) = 0;
    std::size_t idle_ STUBE_GUARDED_BY(mutex_) = 0;  ///< threads that wait for a job, or will next
    std::size_t running_ STUBE_GUARDED_BY(mutex_) = 0;    ///< threads that run a job
    std::size_t reporting_ STUBE_GUARDED_BY(mutex_) = 0;  ///< running threads that are in `done`
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    bool drops_results_ STUBE_GUARDED_BY(mutex_) = false;  ///< `done` is not called any more
};

work_pool::work_pool(std::size_t max_threads, std::size_t max_waiting)
    : inside_(std::make_shared<inside>(max_threads, max_waiting)) {}

work_pool::~work_pool() {
    stop(std::chrono::milliseconds(0));
}

bool work_pool::submit(job wanted) {
    return inside_->submit(std::move(wanted));
}

work_pool::counts work_pool::now() const {
    return inside_->now();
}

work_pool::rest work_pool::stop(std::chrono::milliseconds limit) {
    return inside_->stop(limit);
}

}  // namespace stube::live
