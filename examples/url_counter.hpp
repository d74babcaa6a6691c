#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// A counter whose number is part of the address. The browser's Back and Forward walk through the
/// numbers. A visitor who opens a shared address starts with its number, in a new conversation.
struct url_counter {
    static constexpr std::string_view component = "gallery/url_counter";

    int n = 0;

    /// Makes the component from the address. Mount it with:
    ///     site.mount<url_counter>("/url-counter", url_counter::from);
    static url_counter from(const stube::request_info& request);

    void inc();
    void dec();

    /// The address of this state. Each change adds an entry to the browser's history.
    stube::page_url url() const;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(url_counter, (), (n, inc, dec))

}  // namespace gallery
