#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// A long list, ten rows at a time. Only the page number is state. `render` looks the rows up, as
/// it would in a database.
struct paginated_list {
    static constexpr std::string_view component = "gallery/paginated_list";

    static constexpr std::string_view styles = R"(
        & > nav { gap: .25rem; }
        & > nav > button { min-height: 2.25rem; padding: .25rem .5rem; font-size: .9375rem; }
    )";

    int page = 1;

    /// A browser may send any number: `to` is limited to the existing pages.
    void go(int to);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(paginated_list, (), (page, go))

}  // namespace gallery
