#pragma once

#include <stube/runtime/effects.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace stube::live {

/// A few threads for work that must not block an executor. The threads start when they are needed.
/// Threads: any.
class work_pool {
public:
    struct result {
        answer_value value;
        std::optional<std::string> error;  ///< message of the job's exception, for the log
    };

    struct job {
        std::function<answer_value()> run;
        std::function<void(result&&)> done;  ///< on the pool's thread; must not throw
    };

    struct counts {
        std::size_t running = 0;
        std::size_t waiting = 0;
    };

    work_pool(std::size_t max_threads, std::size_t max_waiting);
    ~work_pool();

    /// Returns false if too many jobs wait, or the pool has stopped. The job does not run then.
    bool submit(job wanted);

    counts now() const;

    /// The jobs that had not finished.
    struct rest {
        std::size_t dropped = 0;    ///< never begun
        std::size_t abandoned = 0;  ///< still running; their `done` is not called
    };

    /// Begins no more jobs, and waits for running jobs, at most for `limit`. No `done` is called
    /// after it returns. A second call does nothing.
    rest stop(std::chrono::milliseconds limit);

private:
    class inside;
    std::shared_ptr<inside> inside_;  ///< shared with the threads, which may outlive the pool
};

}  // namespace stube::live
