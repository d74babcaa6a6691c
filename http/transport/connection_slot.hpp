#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace stube::http {

struct connection_slot_releaser {
    void operator()(std::atomic<std::size_t>* taken) const { --*taken; }
};

/// Counts a connection against the server's limit, from its acceptance until its socket is closed.
using connection_slot = std::unique_ptr<std::atomic<std::size_t>, connection_slot_releaser>;

inline connection_slot take_connection_slot(std::atomic<std::size_t>& taken) {
    ++taken;
    return connection_slot(&taken);
}

}  // namespace stube::http
