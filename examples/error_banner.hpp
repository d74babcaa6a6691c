#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// What a user sees of a bug. A handler works on a copy of the state: if it throws, the copy is
/// dropped, the page says so with an id that the log has too, and goes on as it was.
struct error_banner {
    static constexpr std::string_view component = "gallery/error_banner";

    int in_stock = 12;
    int sold = 0;

    void sell();

    /// Has taken one from the stock already when it fails.
    void sell_with_a_bug();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(error_banner, (), (in_stock, sold, sell, sell_with_a_bug))

}  // namespace gallery
