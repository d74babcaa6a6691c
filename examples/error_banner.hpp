#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// Shows how a bug looks to a user. A handler works on a copy of the state. If the handler throws,
/// the copy is dropped and the page shows an error, with an id that is also in the log.
struct error_banner {
    static constexpr std::string_view component = "gallery/error_banner";

    int in_stock = 12;
    int sold = 0;

    void sell();

    /// Throws after it has changed `in_stock`.
    void sell_with_a_bug();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(error_banner, (), (in_stock, sold, sell, sell_with_a_bug))

}  // namespace gallery
