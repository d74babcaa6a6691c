#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

/// A mutex that clang checks: `-Wthread-safety` reports an access to a guarded member without its
/// mutex. The mutex of libstdc++ lacks the annotations. Other compilers ignore them.
/// See https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#ifdef __clang__
#define STUBE_THREAD_SAFETY(...) __attribute__((__VA_ARGS__))
#else
#define STUBE_THREAD_SAFETY(...)
#endif

/// The member is read and written only while `mutex` is locked.
#define STUBE_GUARDED_BY(mutex) STUBE_THREAD_SAFETY(guarded_by(mutex))

/// The caller has locked `mutex`.
#define STUBE_REQUIRES(mutex) STUBE_THREAD_SAFETY(requires_capability(mutex))

namespace stube::live {

class STUBE_THREAD_SAFETY(capability("mutex")) mutex {
public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

private:
    friend class mutex_lock;

    std::mutex native_;
};

/// Locks a mutex until the end of the scope, or until `unlock`.
class STUBE_THREAD_SAFETY(scoped_lockable) mutex_lock {
public:
    explicit mutex_lock(mutex& locked) STUBE_THREAD_SAFETY(acquire_capability(locked))
        : lock_(locked.native_) {}
    mutex_lock(const mutex_lock&) = delete;
    mutex_lock& operator=(const mutex_lock&) = delete;
    ~mutex_lock() STUBE_THREAD_SAFETY(release_capability()) = default;

    void unlock() STUBE_THREAD_SAFETY(release_capability()) { lock_.unlock(); }

    void lock() STUBE_THREAD_SAFETY(acquire_capability()) { lock_.lock(); }

private:
    friend class condition_variable;

    std::unique_lock<std::mutex> lock_;
};

/// Waits without a predicate, because clang does not check a lambda against the lock around it:
///
///     while (!is_done_) changed_.wait(lock);
class condition_variable {
public:
    void notify_one() { native_.notify_one(); }

    void notify_all() { native_.notify_all(); }

    void wait(mutex_lock& lock) { native_.wait(lock.lock_); }

    template <class Rep, class Period>
    void wait_for(mutex_lock& lock, std::chrono::duration<Rep, Period> time) {
        native_.wait_for(lock.lock_, time);
    }

    /// False after a timeout.
    template <class Clock, class Duration>
    bool wait_until(mutex_lock& lock, std::chrono::time_point<Clock, Duration> latest) {
        return native_.wait_until(lock.lock_, latest) == std::cv_status::no_timeout;
    }

private:
    std::condition_variable native_;
};

}  // namespace stube::live
