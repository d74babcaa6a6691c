#include "login.hpp"

#include <algorithm>
#include <vector>

namespace expenses {

using namespace stube::html;

namespace {

const std::vector<principal>& people() {
    static const std::vector<principal> all{{"Ada"}, {"Edsger"}, {"Grace", {"approver"}}};
    return all;
}

/// For demonstration only. A real application compares slow, salted hashes and limits the failed
/// attempts, or leaves signing in to a proxy.
principal user_with_password(const std::string& name, const std::string& password) {
    const auto found = std::ranges::find(people(), name, &principal::name);
    return found != people().end() && password == "standup" ? *found : principal();
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

markup sign_out_button() {
    return form(attr("method", "post"), action("logout"), button(class_("secondary"), "Sign out"));
}

void add_login(app& site, login_sessions& logins) {
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
        const auto next = from.form("next").value_or("/");
        auto user =
            user_with_password(from.form("name").value_or(""), from.form("password").value_or(""));
        if (user.is_anonymous()) return {"/login?failed=yes&next=" + query_value(next)};
        return {next, {logins.begin(std::move(user))}};
    });
    site.post("/logout", [&](const request_info& from) -> redirect {
        return {"/login", {logins.end(from)}};
    });
}

}  // namespace expenses
