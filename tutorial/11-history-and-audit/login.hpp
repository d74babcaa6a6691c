#pragma once

#include <stube/stube.hpp>

#include <string>
#include <string_view>

namespace expenses {

using namespace stube;

/// The form for name and password, as on page 7.
struct login_page {
    static constexpr std::string_view component = "expenses/login_page";
    static constexpr bool archived = false;

    std::string next;  ///< address that the visitor wanted
    bool failed = false;

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(login_page, (), (next, failed))

markup sign_out_button();

/// Adds "/login" and "/logout", and the function that finds the user of a request.
void add_login(app& site, login_sessions& logins);

}  // namespace expenses
