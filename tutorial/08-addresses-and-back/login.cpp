#include "login.hpp"

#include <algorithm>
#include <string>

namespace standup {

using namespace stube::html;

namespace {

/// For demonstration only. A real application compares slow, salted hashes and limits the failed
/// attempts, or leaves signing in to a proxy.
bool is_password_of(const team& members, const std::string& name, const std::string& password) {
    const auto people = members.people();
    return std::ranges::find(people, name, &person::name) != people.end() && password == "standup";
}

}  // namespace

markup login_page::render() const {
    return section(
        class_("card"),
        h1("Sign in"),
        when(failed, p(class_("error"), role("alert"), "Name and password do not match.")),
        html::form(
            attr("method", "post"),
            action("login"),
            input(type("hidden"), name("next"), value(next)),
            div(class_("field"),
                label(for_("name"), "Name"),
                input(id("name"), name("name"), autocomplete("username"))),
            div(class_("field"),
                label(for_("password"), "Password"),
                input(
                    id("password"),
                    name("password"),
                    type("password"),
                    autocomplete("current-password")
                )),
            button("Sign in")
        )
    );
}

void add_login(app& site, login_sessions& logins, const team& members) {
    site.principal([&](const request_info& from) { return logins.user_of(from); });
    site.mount<login_page>(
        "/login",
        [](const request_info& from) {
            return login_page{
                .next = from.query("next").value_or("/"),
                .failed = from.query("failed").has_value()
            };
        },
        {.title = "Sign in"}
    );
    site.post("/login", [&](const request_info& from) -> redirect {
        const auto name = from.form("name").value_or("");
        const auto password = from.form("password").value_or("");
        const auto next = from.form("next").value_or("/");
        if (!is_password_of(members, name, password))
            return {"/login?failed=yes&next=" + query_value(next)};
        return {next, {logins.begin(name)}};
    });
    site.post("/logout", [&](const request_info& from) -> redirect {
        return {"/login", {logins.end(from)}};
    });
}

}  // namespace standup
