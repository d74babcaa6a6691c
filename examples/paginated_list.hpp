#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// A long list, ten at a time. Only the number of the page is state: what stands on it is looked up
/// when it is rendered, as it would be in a database.
struct paginated_list {
    static constexpr std::string_view component = "gallery/paginated_list";

    static constexpr std::string_view styles = R"(
        & > nav { gap: .25rem; }
        & > nav > button { min-height: 2.25rem; padding: .25rem .5rem; font-size: .9375rem; }
    )";

    int page = 1;

    /// A browser may ask for any page: it gets one that there is.
    void go(int to);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(paginated_list, (), (page, go))

}  // namespace gallery
