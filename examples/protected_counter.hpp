#pragma once

#include <stube/stube.hpp>

#include <string>

/// A page for users who are signed in, and the login for it.
namespace gallery {

/// A counter for one user. Each user has a separate one in each browser.
struct protected_counter {
    static constexpr std::string_view component = "gallery/protected_counter";

    std::string user;
    int n = 0;

    void start(stube::context& around) { user = around.principal().name; }

    void inc() { ++n; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(protected_counter, (), (user, n, start, inc))

/// The form for name and password. It is a plain HTML form that is posted to "/login", because the
/// response must set a cookie. An event of a component cannot set cookies.
struct login_page {
    static constexpr std::string_view component = "gallery/login_page";

    std::string next;  ///< where the visitor wanted to go
    bool failed = false;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(login_page, (), (next, failed))

/// A button for the pages of users who are signed in. `root` is the address of the front page, and
/// is needed where the address of the page has more than one part.
stube::markup sign_out_button(std::string_view root = "");

/// Adds "/protected-counter", "/login" and "/logout".
void add_protected_counter(stube::app& site, stube::page_options options);

}  // namespace gallery
