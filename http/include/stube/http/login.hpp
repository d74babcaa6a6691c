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
    std::chrono::seconds lifetime = std::chrono::hours(12);             ///< counted from signing in
    std::size_t max_logins = 100'000;                                   ///< the oldest give way
    std::function<std::chrono::steady_clock::time_point()> clock = {};  ///< default: the system's
};

/// Who is signed in. Each login is a token of 128 random bits in a cookie of the browser, and a
/// name under it here, in memory: after a restart of the server everybody signs in again (and finds
/// their conversations, which are stored). A program that wants logins to outlive it, or shares
/// them among servers, keeps them elsewhere: all that stube asks for is `app::principal` and a
/// cookie from `app::post`. How a user proves who they are is the application's business.
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
/// Outlives the servers of its site. Threads: every member may be called from any thread.
class login_sessions {
public:
    explicit login_sessions(login_options options = {});
    login_sessions(const login_sessions&) = delete;
    login_sessions& operator=(const login_sessions&) = delete;
    ~login_sessions();

    /// Signs `user` in: the cookie to answer with. A new token every time, whatever the browser
    /// had. Throws std::invalid_argument for an empty name, which would mean nobody.
    cookie begin(std::string user);

    /// Empty if nobody is signed in.
    std::string user_of(const request_info& from) const;

    /// Signs out who sent this: the cookie to answer with. The token is worth nothing from now on.
    cookie end(const request_info& from);

    /// Signs a user out everywhere, as after a change of password.
    void end_all(const std::string& user);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace stube
