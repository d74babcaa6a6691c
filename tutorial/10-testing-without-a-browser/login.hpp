#pragma once

#include "team.hpp"

#include <stube/stube.hpp>

#include <string>
#include <string_view>

namespace standup {

using namespace stube;

/// The form for name and password. It is sent the way forms always were: its answer sets a cookie,
/// which no event of a component can do.
struct login_page {
    static constexpr std::string_view component = "standup/login_page";

    std::string next;  ///< the address that the visitor wanted
    bool failed = false;

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(login_page, (), (next, failed))

/// Adds "/login" and "/logout", and tells the site who its users are.
void add_login(app& site, login_sessions& logins, const team& members);

}  // namespace standup
