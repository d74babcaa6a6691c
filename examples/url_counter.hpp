#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// A counter whose number is in the address: Back and Forward walk the numbers, and who is sent the
/// address begins with its number, in a conversation of their own.
struct url_counter {
    static constexpr std::string_view component = "gallery/url_counter";

    int n = 0;

    /// Made from the address. Mounted so:
    ///     site.mount<url_counter>("/url-counter", url_counter::from);
    static url_counter from(const stube::request_info& request);

    void inc();
    void dec();

    /// The address that this state stands for. Each change is a step for the browser's Back.
    stube::page_url url() const;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(url_counter, (), (n, inc, dec))

}  // namespace gallery
