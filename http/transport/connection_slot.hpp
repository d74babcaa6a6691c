#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace stube::http {

struct leave_seat {
    void operator()(std::atomic<std::size_t>* taken) const { --*taken; }
};

/// Counts a connection against the server's limit, from its acceptance until its socket is closed.
using seat = std::unique_ptr<std::atomic<std::size_t>, leave_seat>;

inline seat take_seat(std::atomic<std::size_t>& taken) {
    ++taken;
    return seat(&taken);
}

}  // namespace stube::http
