#pragma once

#include "team.hpp"

#include <stube/stube.hpp>

#include <string>
#include <string_view>

namespace standup {

using namespace stube;

/// The form for name and password. It is an ordinary HTML form and not an event: only the response
/// to an ordinary request can set a cookie.
struct login_page {
    static constexpr std::string_view component = "standup/login_page";

    std::string next;  ///< address that the visitor wanted
    bool failed = false;

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(login_page, (), (next, failed))

/// Adds "/login" and "/logout", and the function that finds the user of a request.
void add_login(app& site, login_sessions& logins, const team& members);

}  // namespace standup
