#pragma once

#include <stube/runtime/conversation_map.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stube::http {

/// A number that one thread writes and any thread may read.
class counter {
public:
    void add(std::int64_t more) {
        value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }

    std::int64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_ = 0;
};

inline constexpr std::size_t status_count =
    boost::mp11::mp_size<boost::describe::describe_enumerators<live::status>>::value;

/// The counters of one of the server's threads.
struct thread_counts {
    counter connections;  ///< open now
    counter streams;      ///< open now
    counter requests;
    counter failures;                          ///< requests answered with 5xx
    std::array<counter, status_count> events;  ///< indexed by `status`
};

/// The numbers of a server, in the text format of Prometheus.
class metrics {
public:
    /// Called before the threads start.
    void set_threads(std::size_t count) { threads_ = std::vector<thread_counts>(count); }

    thread_counts& of_thread(std::size_t at) { return threads_[at]; }

    /// Present numbers of the whole server.
    struct totals {
        std::size_t conversations = 0;
        std::size_t unsent = 0;     ///< bytes
        std::int64_t log_lost = 0;  ///< lines
    };

    std::string text(const totals& now, const live::conversation_counts& background) const;

private:
    std::vector<thread_counts> threads_;
};

}  // namespace stube::http
