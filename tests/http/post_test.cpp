#include "http/fixture.hpp"
#include "http/protocol/request.hpp"

#include <stube/http/login.hpp>

#include <doctest/doctest.h>

using namespace testing;

namespace {

constexpr std::string_view form_type = "Content-Type: application/x-www-form-urlencoded\r\n";
constexpr std::string_view from_here = "Origin: http://a.test\r\n";

response send_form(
    const served& site,
    std::string_view path,
    std::string_view body,
    const std::string& headers = std::string(form_type) + std::string(from_here)
) {
    return client(site.port())
        .ask(
            "POST " + std::string(path) + " HTTP/1.1\r\nHost: a.test\r\n" + headers +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body)
        );
}

/// The cookie lines of a response, one after the other.
std::string cookies_of(const response& got) {
    std::string out;
    constexpr std::string_view name = "Set-Cookie: ";
    for (auto at = got.head.find(name); at != got.head.npos; at = got.head.find(name, at + 1)) {
        const auto from = at + name.size();
        out += got.head.substr(from, got.head.find("\r\n", from) - from) + "\n";
    }
    return out;
}

http::request with_cookies(std::string_view cookies) {
    http::request out;
    out.cookies = cookies;
    return out;
}

/// The user of the login that this cookie holds.
std::string user_of(const login_sessions& all, const cookie& what) {
    const auto sent = what.name + "=" + what.value;
    const auto request = with_cookies(sent);
    return all.user_of(request_info(request)).name;
}

}  // namespace

TEST_CASE("the response to a form contains an address and cookies") {
    served site;
    const auto got = send_form(site, "/login", "name=ada&next=%2Fmine%3Fx%3D1");
    CHECK(got.status == 303);
    CHECK(got.header("location") == "/mine?x=1");
    CHECK(got.header("cache-control") == "no-store");
    CHECK(
        cookies_of(got) == "user=ada; HttpOnly; SameSite=Lax; Path=/; Max-Age=60\n"
                           "seen=yes; HttpOnly; SameSite=Lax; Path=/\n"
                           "old=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0\n"
    );
    CHECK(send_form(site, "/forget", "").header("location") == "/a?b=c");
}

TEST_CASE("the address and cookies in the response to a form follow the base path and TLS") {
    server_options options;
    options.base_path = "/app";
    options.behind_tls = true;
    served site(options);
    const auto got = send_form(site, "/app/login", "name=ada");
    CHECK(got.header("location") == "/app/mine");
    CHECK(
        cookies_of(got).find("user=ada; HttpOnly; SameSite=Lax; Path=/app/; Max-Age=60; Secure") ==
        0
    );
    CHECK(send_form(site, "/login", "name=ada").status == 404);
}

TEST_CASE("behind TLS cookies of a form get the prefix and are cleared under both names") {
    server_options options;
    options.behind_tls = true;
    served site(options);
    const auto got = send_form(site, "/login", "name=ada");
    CHECK(
        cookies_of(got) == "__Host-user=ada; HttpOnly; SameSite=Lax; Path=/; Max-Age=60; Secure\n"
                           "__Host-seen=yes; HttpOnly; SameSite=Lax; Path=/; Secure\n"
                           "__Host-old=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Secure\n"
                           "old=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Secure\n"
    );
}

TEST_CASE("a cookie with the prefix takes precedence over a planted one of the plain name") {
    CHECK(with_cookies("user=eve; __Host-user=ada").cookie("user") == "ada");
    CHECK(with_cookies("__Host-user=ada; user=eve").cookie("user") == "ada");
    CHECK(with_cookies("user=ada; user=eve").cookie("user") == "ada");
    CHECK(with_cookies("__Host-users=eve").cookie("user").empty());
}

TEST_CASE("a form from another site is refused") {
    served site;
    const std::string type(form_type);
    for (const auto* headers :
         {"Origin: http://b.test\r\n",
          "Origin: null\r\n",
          "Sec-Fetch-Site: cross-site\r\nOrigin: http://a.test\r\n",
          "Sec-Fetch-Site: same-site\r\n",
          ""}) {
        CAPTURE(std::string(headers));
        const auto got = send_form(site, "/login", "name=ada", type + headers);
        CHECK(got.status == 403);
        CHECK(cookies_of(got).empty());
    }
    CHECK(
        send_form(site, "/login", "name=ada", type + "Sec-Fetch-Site: same-origin\r\n").status ==
        303
    );
}

TEST_CASE("a request that is not a form does not reach the application") {
    served site;
    const std::string here(from_here);
    CHECK(send_form(site, "/login", "name=ada", here).status == 415);
    CHECK(
        send_form(site, "/login", "{}", here + "Content-Type: application/json\r\n").status == 415
    );
    const auto got = send_form(site, "/login", "");
    CHECK(got.status == 400);
    CHECK(got.header("content-type") == "text/html; charset=utf-8");
    const auto failed = send_form(site, "/login", "name=broken");
    CHECK(failed.status == 500);
    CHECK_FALSE(failed.contains("secret"));
    CHECK(send_form(site, "/login", "name=odd").status == 500);
}

TEST_CASE("a form cannot lead a visitor to another server") {
    served site;
    for (const auto* next :
         {"https%3A%2F%2Fb.test%2F", "%2F%2Fb.test", "%2F%5Cb.test", "mine", "%2Fa%0D%0AX%3A+1"}) {
        CAPTURE(std::string(next));
        const auto got = send_form(site, "/login", "name=ada&next=" + std::string(next));
        CHECK(got.status == 400);
        CHECK(got.header("location").empty());
        CHECK(cookies_of(got).empty());
    }
}

TEST_CASE("a path accepts only its own methods") {
    served site;
    client c(site.port());
    CHECK(c.ask(get("/login")).status == 200);
    const auto no_page = c.ask(get("/forget"));
    CHECK(no_page.status == 405);
    CHECK(no_page.header("allow") == "POST");
    const auto deleted = c.ask("DELETE /login HTTP/1.1\r\nHost: a.test\r\n\r\n");
    CHECK(deleted.status == 405);
    CHECK(deleted.header("allow") == "GET, HEAD, POST");
    CHECK(send_form(site, "/t", "").header("allow") == "GET, HEAD");
    CHECK_THROWS_AS(app().post("/stube/x", {}), std::invalid_argument);
    CHECK_THROWS_AS(app().post("/a", {}).post("/a", {}), std::invalid_argument);
}

TEST_CASE("a page that requires a login redirects visitors without one to the login page") {
    served site;
    client c(site.port());
    const auto away = c.ask(get("/mine?x=1&y=%20"));
    CHECK(away.status == 303);
    CHECK(away.header("location") == "/login?next=/mine%3Fx%3D1%26y%3D%2520");
    CHECK(cookies_of(away).empty());
    const auto mine = c.ask(get("/mine", "Cookie: user=ada\r\n"));
    CHECK(mine.status == 200);
    CHECK(mine.contains("who=ada"));

    CHECK_THROWS_AS(app().page("/a", {.login = "/login"}, {}), std::invalid_argument);
    CHECK_THROWS_AS(app().mount<note>("/a", {.login = "login"}), std::invalid_argument);
}

TEST_CASE("a login holds until it is ended") {
    login_sessions logins;
    const auto ada = logins.begin("ada");
    const auto again = logins.begin("ada");
    const auto grace = logins.begin("grace");
    CHECK(ada.name == "stube_login");
    CHECK(ada.value.size() == 22);
    CHECK(ada.value != again.value);
    CHECK(ada.max_age == 12h);
    CHECK(user_of(logins, ada) == "ada");
    CHECK(user_of(logins, grace) == "grace");
    CHECK(user_of(logins, {"stube_login", "guessed"}).empty());
    CHECK(user_of(logins, {"other", ada.value}).empty());

    const auto sent = "stube_login=" + ada.value;
    const auto request = with_cookies(sent);
    const auto cleared = logins.end(request_info(request));
    CHECK(cleared.name == "stube_login");
    CHECK(cleared.value.empty());
    CHECK(cleared.max_age == 0s);
    CHECK(user_of(logins, ada).empty());
    CHECK(user_of(logins, again) == "ada");

    logins.end_all("ada");
    CHECK(user_of(logins, again).empty());
    CHECK(user_of(logins, grace) == "grace");
    CHECK_THROWS_AS(logins.begin(""), std::invalid_argument);
}

TEST_CASE("a login ends after its lifetime") {
    std::chrono::steady_clock::time_point now{1h};
    login_sessions logins({.lifetime = 10min, .clock = [&] { return now; }});
    const auto ada = logins.begin("ada");
    now += 10min - 1ns;
    CHECK(user_of(logins, ada) == "ada");
    now += 1ns;
    CHECK(user_of(logins, ada).empty());
}

TEST_CASE("a login beyond the limit evicts the oldest one") {
    login_sessions logins({.max_logins = 2});
    const auto first = logins.begin("ada");
    const auto second = logins.begin("grace");
    const auto third = logins.begin("edsger");
    CHECK(user_of(logins, first).empty());
    CHECK(user_of(logins, second) == "grace");
    CHECK(user_of(logins, third) == "edsger");
}
