#include "protected_counter.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

/// A password with the roles of its user. For demonstration only. An application stores slow,
/// salted hashes of passwords, and limits failed attempts.
struct account {
    std::string password;
    std::vector<std::string> roles;
};

/// The user with this password; anonymous if it is wrong.
principal user_with_password(const std::string& name, const std::string& password) {
    static const std::map<std::string, account> all{
        {"ada", {"engine", {}}},
        {"grace", {"compiler", {"approver"}}}
    };
    const auto found = all.find(name);
    if (found == all.end() || found->second.password != password) return {};
    return {name, found->second.roles};
}

markup
labelled_input(std::string_view text, std::string_view field, const html_attribute& autofill) {
    const auto* kind = field == "password" ? "password" : "text";
    return div(
        class_("field"),
        label(for_(field), text),
        input(id(field), name(field), type(kind), autofill, required())
    );
}

redirect sign_in(login_sessions& logins, const request_info& request) {
    const auto next = request.form("next").value_or("/protected-counter");
    auto user = user_with_password(
        request.form("username").value_or(""),
        request.form("password").value_or("")
    );
    if (user.is_anonymous()) return {"/login?failed=yes&next=" + query_value(next)};
    return {next, {logins.begin(std::move(user))}};
}

}  // namespace

markup protected_counter::render() const {
    return section(
        class_("card counter"),
        h1("Counter of ", user),
        div(class_("actions"), output(n), button(on<"click", &protected_counter::inc>, "+")),
        sign_out_button()
    );
}

markup sign_out_button(std::string_view root) {
    return form(
        attr("method", "post"),
        action(std::string(root) + "logout"),
        button(class_("secondary"), "Sign out")
    );
}

markup login_page::render() const {
    return section(
        class_("card"),
        h1("Sign in"),
        when(failed, p(class_("error"), role("alert"), "Name and password do not match.")),
        p("Try ",
          strong("ada"),
          " with ",
          strong("engine"),
          ", or ",
          strong("grace"),
          " with ",
          strong("compiler"),
          "."),
        form(
            attr("method", "post"),
            action("login"),
            when(!next.empty(), input(type("hidden"), name("next"), value(next))),
            labelled_input("Name", "username", autocomplete("username")),
            labelled_input("Password", "password", autocomplete("current-password")),
            button("Sign in")
        )
    );
}

void add_protected_counter(app& site, page_options options) {
    const auto logins = std::make_shared<login_sessions>();
    site.principal([logins](const request_info& request) { return logins->user_of(request); });

    site.mount<login_page>(
        "/login",
        [](const request_info& request) {
            return login_page{
                .next = request.query("next").value_or(""),
                .failed = request.query("failed").has_value()
            };
        },
        options
    );
    site.post("/login", [logins](const request_info& request) {
        return sign_in(*logins, request);
    });
    site.post("/logout", [logins](const request_info& request) {
        return redirect{"/login", {logins->end(request)}};
    });

    options.login = "/login";
    site.mount<protected_counter>("/protected-counter", options);
}

}  // namespace gallery
