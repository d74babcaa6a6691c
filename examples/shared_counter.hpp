#pragma once

#include <stube/stube.hpp>

#include <algorithm>

namespace gallery {

/// One number for all visitors. When one of them raises it, every open page shows it at once.
struct shared_counter {
    static constexpr std::string_view component = "gallery/shared_counter";

    int n = 0;

    stube::effects start(stube::context& around);

    stube::effects wakeup(stube::context& around);

    stube::effects raise(stube::context& around);

    /// Messages of two publishers may arrive in either order, so the larger number wins.
    void raised(int to) { n = std::max(n, to); }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(shared_counter, (), (n, start, wakeup, raise, raised))

}  // namespace gallery
