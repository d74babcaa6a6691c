#pragma once

#include <stube/http/app.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace stube {

struct login_options {
    std::string cookie = "stube_login";
    std::chrono::seconds lifetime = std::chrono::hours(12);             ///< since signing in
    std::size_t max_logins = 100'000;                                   ///< the oldest are evicted
    std::function<std::chrono::steady_clock::time_point()> clock = {};  ///< default: the system's
};

/// The logins of users. A login is a token of 128 random bits in a cookie of the browser; this
/// class maps the token to the user, in memory. After a restart of the server users must
/// sign in again; their conversations are stored and continue. A program whose logins must outlive
/// it, or be shared among servers, keeps them elsewhere: stube needs only `app::principal` and a
/// cookie from `app::post`. The application decides how users prove their identity.
///
///     login_sessions logins;
///     site.principal([&](const request_info& from) { return logins.user_of(from); });
///     site.post("/login", [&](const request_info& from) -> redirect {
///         const auto name = from.form("name").value_or("");
///         if (!is_password_of(name, from.form("password").value_or(""))) return {"/login?failed"};
///         return {"/inbox", {logins.begin(name)}};
///     });
///     site.post("/logout", [&](const request_info& from) -> redirect {
///         return {"/", {logins.end(from)}};
///     });
///     site.mount<inbox>("/inbox", {.login = "/login"});
///
/// Must outlive the servers of its site. Threads: every member may be called from any thread.
class login_sessions {
public:
    explicit login_sessions(login_options options = {});
    login_sessions(const login_sessions&) = delete;
    login_sessions& operator=(const login_sessions&) = delete;
    ~login_sessions();

    /// Signs `user` in and returns the cookie for the response. The token is always a new one, even
    /// if the browser has a login. Throws std::invalid_argument if `user` has no name, since that
    /// is an anonymous visitor. The roles stay those of this call until the user signs in again.
    cookie begin(principal user);

    /// The signed-in user who sent the request; anonymous if nobody is signed in.
    principal user_of(const request_info& from) const;

    /// Signs out the sender of the request and returns the cookie for the response. The token is
    /// invalid from now on.
    cookie end(const request_info& from);

    /// Signs a user out in all browsers, as after a change of password.
    void end_all(const std::string& user);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace stube
