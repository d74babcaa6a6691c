#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace stube::live {

/// Exponential backoff: the pause before the next attempt doubles with each failed one, up to a
/// limit.
struct backoff {
    std::chrono::milliseconds first;
    std::uint8_t max_doublings;

    /// The pause after another failure. Adds the failure to `failures`, which the caller sets to 0
    /// after a success.
    std::chrono::milliseconds after_failure(std::uint8_t& failures) const {
        const auto pause = first * (1 << failures);
        failures = std::min<std::uint8_t>(failures + 1, max_doublings);
        return pause;
    }
};

}  // namespace stube::live
