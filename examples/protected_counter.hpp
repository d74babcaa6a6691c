#pragma once

#include <stube/stube.hpp>

#include <string>

/// A page for those who are signed in, and how they do that.
namespace gallery {

/// A counter of one's own: each user of each browser has another one.
struct protected_counter {
    static constexpr std::string_view component = "gallery/protected_counter";

    std::string user;
    int n = 0;

    void start(stube::context& around) { user = std::string(around.principal()); }

    void inc() { ++n; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(protected_counter, (), (user, n, start, inc))

/// The form for name and password. It is sent the way forms always were, to "/login": its answer
/// sets a cookie, which no event of a component can do.
struct login_page {
    static constexpr std::string_view component = "gallery/login_page";

    std::string next;  ///< where the visitor wanted to go
    bool failed = false;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(login_page, (), (next, failed))

/// Adds "/protected-counter", "/login" and "/logout".
void add_protected_counter(stube::app& site, stube::page_options options);

}  // namespace gallery
