#include "http/fixture.hpp"
#include "http/protocol/assets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

using namespace testing;

namespace {

response ask(const served& site, std::string_view target, std::string_view headers = {}) {
    return client(site.port()).ask(get(target, headers));
}

void check_page_headers(const response& got) {
    CHECK(got.header("content-type") == "text/html; charset=utf-8");
    CHECK(
        got.header("content-security-policy") == "default-src 'self'; base-uri 'none'; form-action "
                                                 "'self'; frame-ancestors 'none'; object-src 'none'"
    );
    CHECK(got.header("x-content-type-options") == "nosniff");
    CHECK(got.header("referrer-policy") == "same-origin");
    CHECK(got.header("cross-origin-opener-policy") == "same-origin");
}

/// True if the page contains an inline script or style.
bool has_inline_code(const std::string& html) {
    for (auto at = html.find("<script"); at != html.npos; at = html.find("<script", at + 1)) {
        if (html.compare(html.find('>', at), 10, "></script>") != 0) return true;
    }
    return html.find("<style") != html.npos || html.find(" style=") != html.npos ||
           html.find(" on") != html.npos;
}

class closed_store final : public store {
public:
    load_report load_all(const std::function<void(record&&)>&) override {
        throw store_refused("it is locked away");
    }

    void save(std::span<const change>) override {}
};

}  // namespace

TEST_CASE("a visitor gets a page with a conversation") {
    served site;
    const auto page = open_page(site.port());

    CHECK(page.page.status == 200);
    check_page_headers(page.page);
    CHECK(page.page.header("cache-control") == "no-store");
    CHECK_FALSE(has_inline_code(page.page.body));
    CHECK(page.page.contains("<html lang=\"en\">"));
    CHECK(page.page.contains("<title>Tally &amp; &lt;co></title>"));
    CHECK(page.page.contains("data-stream=\"/stube/stream/" + page.conversation + "?rev=1\""));
    CHECK(page.page.contains("<main id=\"stube-view\" tabindex=\"-1\"><div id=\"i1\">"));
    CHECK(page.page.contains("formaction=\"/stube/event/" + page.conversation + "/1/inc\""));
    CHECK(page.page.contains("<script src=\"/stube/assets/stube."));
}

TEST_CASE("only a visitor without a valid session cookie gets a new one") {
    served site;
    const auto first = ask(site, "/t");
    const auto cookie = first.header("set-cookie");
    CHECK(cookie.starts_with("stube_session="));
    CHECK(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"));
    CHECK(cookie.find(';') == std::string("stube_session=").size() + 22);
    const auto mine = "Cookie: other=1; " + cookie.substr(0, cookie.find(';')) + "\r\n";

    CHECK(ask(site, "/t", mine).header("set-cookie") == cookie);
    for (const auto* bad :
         {"stube_session=", "stube_session=short", "stube_session=AAAAAAAAAAAAAAAAAAAA%3D"}) {
        CAPTURE(std::string(bad));
        const auto fresh = ask(site, "/t", "Cookie: " + std::string(bad) + "\r\n");
        CHECK(fresh.header("set-cookie").size() == cookie.size());
        CHECK(fresh.header("set-cookie") != cookie);
    }
}

TEST_CASE("each visit extends the lifetime of the session cookie") {
    served site;
    const auto page = open_page(site.port());
    const auto given = page.page.header("set-cookie");
    const auto mine = "Cookie: " + page.cookie + "\r\n";

    for (const auto& path :
         {std::string("/t"),
          "/t?c=" + page.conversation,
          std::string("/t?c=nothing"),
          std::string("/note")}) {
        CAPTURE(path);
        const auto again = ask(site, path, mine);
        CHECK(again.header("set-cookie") == given);
        CHECK(again.header("cache-control") == "no-store");
    }
    CHECK(ask(site, "/about", mine).header("set-cookie").empty());
    CHECK(ask(site, "/app.css", mine).header("set-cookie").empty());
    CHECK(client(site.port()).ask(page.post("1/inc")).header("set-cookie").empty());
}

TEST_CASE("behind TLS no other host of the domain can plant the session cookie") {
    server_options options;
    options.behind_tls = true;
    served site(options);
    const auto page = open_page(site.port());

    CHECK(page.cookie.starts_with("__Host-stube_session="));
    CHECK(page.page.header("set-cookie").ends_with("; Path=/; Max-Age=2592000; Secure"));
    const auto theirs = "stube_session=" + std::string(22, 'A');
    const auto headers = "Cookie: " + theirs + "; " + page.cookie + "\r\n";
    const auto again = ask(site, "/t?c=" + page.conversation, headers);
    CHECK(read_page(again, page.cookie).conversation == page.conversation);
}

TEST_CASE("a session from before the cookie had its prefix continues under the new name") {
    server_options options;
    options.behind_tls = true;
    served site(options);
    const auto page = open_page(site.port());
    const auto session = page.cookie.substr(page.cookie.find('=') + 1);
    auto old = page;
    old.cookie = "stube_session=" + session;

    const auto got = ask(site, "/t?c=" + page.conversation, "Cookie: " + old.cookie + "\r\n");
    CHECK(read_page(got, old.cookie).conversation == page.conversation);
    CHECK(got.header("set-cookie").starts_with("__Host-stube_session=" + session + ";"));
    CHECK(client(site.port()).ask(old.post("1/inc")).contains("n=1"));
}

TEST_CASE("the session cookie is Secure behind TLS and bound to the base path") {
    server_options options;
    options.behind_tls = true;
    options.base_path = "/app";
    served site(options);
    const auto page = open_page(site.port(), "/app/t");

    CHECK(page.cookie.starts_with("stube_session="));
    CHECK(page.page.header("set-cookie").ends_with("; Path=/app/; Max-Age=2592000; Secure"));
    CHECK(page.page.contains("src=\"/app/stube/assets/stube."));
    CHECK(page.page.contains("data-stream=\"/app/stube/stream/"));
    CHECK(page.page.contains("formaction=\"/app/stube/event/"));
    CHECK(ask(site, "/t").status == 404);
    CHECK(ask(site, "/apps/t").status == 404);
    CHECK(ask(site, "/healthz").status == 200);
}

TEST_CASE("the address resumes a conversation for its owner") {
    served site;
    const auto page = open_page(site.port());
    CHECK(client(site.port()).ask(page.post("1/add", "stube-args=%5B41%5D")).contains("n=41"));

    const auto again =
        ask(site, "/t?x=y&c=" + page.conversation, "Cookie: " + page.cookie + "\r\n");
    CHECK(again.status == 200);
    CHECK(read_page(again, page.cookie).conversation == page.conversation);
    CHECK(read_page(again, page.cookie).revision == "2");
    CHECK(again.contains("n=41"));
    CHECK(again.header("set-cookie") == page.page.header("set-cookie"));
}

TEST_CASE("the stored form of a conversation does not contain its session") {
    const auto where = std::make_shared<disk>();
    served site({}, store_on(where));
    const auto page = open_page(site.port());
    const auto session = page.cookie.substr(page.cookie.find('=') + 1);
    REQUIRE(session.size() == 22);

    std::lock_guard lock(where->mutex);
    REQUIRE(where->records.size() == 1);
    for (const auto& each : where->records.begin()->second.parts)
        CHECK(each.body.find(session) == std::string::npos);
}

TEST_CASE("the address of another visitor's conversation begins a new conversation") {
    served site;
    const auto page = open_page(site.port());

    for (const auto& cookie : {std::string(), open_page(site.port()).cookie}) {
        const auto headers = cookie.empty() ? cookie : "Cookie: " + cookie + "\r\n";
        const auto theirs = ask(site, "/t?c=" + page.conversation, headers);
        CHECK(theirs.status == 200);
        CHECK(read_page(theirs, cookie).conversation != page.conversation);
    }
}

TEST_CASE("a conversation requested at the wrong address redirects to its own") {
    served site;
    const auto page = open_page(site.port());
    const auto got = ask(site, "/note?c=" + page.conversation, "Cookie: " + page.cookie + "\r\n");

    CHECK(got.status == 303);
    CHECK(got.header("location") == "/t?c=" + page.conversation);
}

TEST_CASE("a page whose conversation is gone shows a message") {
    served site;
    const auto page = open_page(site.port());
    client(site.port()).ask(page.post("1/finish"));
    for (const auto& id :
         {page.conversation,
          std::string("nonsense"),
          std::string("a%22%3E%3Cb"),
          std::string(2000, 'x')}) {
        const auto got = ask(site, "/t?c=" + id, "Cookie: " + page.cookie + "\r\n");
        CHECK(got.status == 404);
        check_page_headers(got);
        CHECK(got.contains("has ended or was not used for too long"));
        CHECK(got.contains("<a href=\"/t\">Start again</a>"));
    }
}

TEST_CASE("a subresource or prefetch request begins nothing and closes no page") {
    served site;
    const auto page = open_page(site.port());
    client visitor(site.port());
    CHECK(visitor.ask(page.post("1/inc")).contains("n=1"));
    const std::string cookie = "Cookie: " + page.cookie + "\r\n";
    for (const auto* headers :
         {"Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: cross-site\r\n",
          "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site\r\n",
          "Sec-Fetch-Dest: object\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n",
          "Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-site\r\n",
          "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: cross-site\r\n",
          "Sec-Fetch-Dest: document\r\nSec-Purpose: prefetch\r\n",
          "Sec-Fetch-Dest: document\r\nSec-Purpose: prefetch;prerender\r\n",
          "Purpose: prefetch\r\n",
          "X-Moz: prefetch\r\n"}) {
        CAPTURE(headers);
        for (int request = 0; request < 200; ++request) {
            const auto got = visitor.ask(get("/t", cookie + headers));
            REQUIRE(got.status == 403);
            REQUIRE(got.header("set-cookie").empty());
            REQUIRE(got.header("cache-control") == "no-store");
        }
    }
    CHECK(visitor.ask(get("/metrics")).contains("stube_conversations 1\n"));
    CHECK(ask(site, "/t?c=" + page.conversation, cookie).contains("n=1"));
}

TEST_CASE("following 250 links from another site closes no page that is in use") {
    served site;
    const auto page = open_page(site.port());
    client visitor(site.port());
    CHECK(visitor.ask(page.post("1/inc")).contains("n=1"));
    const auto headers = "Cookie: " + page.cookie +
                         "\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
                         "Sec-Fetch-Site: cross-site\r\n";
    for (int link = 0; link < 250; ++link)
        REQUIRE(visitor.ask(get("/t", headers)).status == 200);
    CHECK(visitor.ask(get("/t?c=" + page.conversation, headers)).contains("n=1"));
    CHECK(visitor.ask(page.post("1/inc")).contains("n=2"));
}

TEST_CASE("a visitor whose pages are all in use gets a message and loses no page") {
    server_options options;
    options.conversations.max_per_owner = 2;
    served site(std::move(options));
    const auto first = open_page(site.port());
    const auto second = open_page(site.port(), "/t", first.cookie);
    client a(site.port()), b(site.port());
    attach(a, first);
    attach(b, second);
    const auto third = ask(site, "/t", "Cookie: " + first.cookie + "\r\n");
    CHECK(third.status == 429);
    CHECK(third.contains("too many open pages"));
    CHECK(ask(site, "/t").status == 200);
    client visitor(site.port());
    CHECK(visitor.ask(first.post("1/inc")).status == 204);
    CHECK(visitor.ask(second.post("1/inc")).status == 204);
}

TEST_CASE("a conversation belongs to the principal that it began with") {
    served site;
    const auto nobody = open_page(site.port(), "/who");
    CHECK(nobody.page.contains("who=<"));
    const auto cookie = "Cookie: " + nobody.cookie + "\r\n";
    const auto ada = read_page(ask(site, "/who", "X-User: ada\r\n" + cookie), nobody.cookie);
    CHECK(ada.page.contains("who=ada<"));

    const auto shown_to = [&](const opened& of, const std::string& user) {
        const auto got = ask(site, "/who?c=" + of.conversation, user + cookie);
        return read_page(got, nobody.cookie).conversation == of.conversation;
    };
    CHECK(shown_to(ada, "X-User: ada\r\n"));
    CHECK_FALSE(shown_to(ada, "X-User: grace\r\n"));
    CHECK_FALSE(shown_to(ada, ""));
    CHECK(shown_to(nobody, ""));
    CHECK_FALSE(shown_to(nobody, "X-User: ada\r\n"));
}

TEST_CASE("an open page takes no events and gets no new stream after signing out") {
    served site;
    const auto first = ask(site, "/t", "X-User: ada\r\n");
    const auto page = read_page(first, first.header("set-cookie").substr(0, 36));
    const auto refused = client(site.port()).ask(page.post("1/inc"));
    CHECK(refused.status == 403);
    CHECK(refused.contains("has signed out"));
    CHECK(refused.contains("<a href=\"?\">Start again</a>"));

    client stream(site.port());
    attach(stream, page);
    CHECK(stream.read_until("stube-end").find("n=") == std::string::npos);

    auto mine = page;
    mine.cookie += "; user=ada";
    CHECK(client(site.port()).ask(mine.post("1/inc")).contains("n=1"));
}

// docs/security.md describes this behaviour. Change both together.
TEST_CASE("an open stream continues after signing out until it is reopened") {
    served site;
    const auto first = ask(site, "/t", "X-User: ada\r\n");
    const auto page = read_page(first, first.header("set-cookie").substr(0, 36));
    auto mine = page;
    mine.cookie += "; user=ada";
    client before(site.port());
    attach(before, mine);

    CHECK(client(site.port()).ask(page.post("1/inc")).status == 403);
    CHECK_FALSE(before.receives_within(50ms));
    CHECK(client(site.port()).ask(mine.post("1/inc")).status == 204);
    CHECK(before.read_until("\n\n\r\n").find("n=1") != std::string::npos);

    client after(site.port());
    attach(after, page);
    CHECK(after.read_to_end().find("has signed out") != std::string::npos);
}

TEST_CASE("a component can be made from the request") {
    served site;
    CHECK(ask(site, "/chapter").contains("page 1<"));
    const auto page = open_page(site.port(), "/chapter?page=7");
    CHECK(page.page.contains("page 7<"));
    const auto cookie = "Cookie: " + page.cookie + "\r\n";
    CHECK(client(site.port()).ask(page.post("1/turn")).contains("page 8<"));

    // The owner's conversation continues. Another visitor gets a new one from the same address.
    const auto address = "/chapter?page=7&c=" + page.conversation;
    CHECK(ask(site, address, cookie).contains("page 8<"));
    CHECK(ask(site, address).contains("page 7<"));
    CHECK(ask(site, "/chapter?page=5&c=never-was", cookie).contains("page 5<"));
}

TEST_CASE("a component that cannot be made from the request begins no conversation") {
    served site;
    const auto bad = ask(site, "/chapter?page=x");
    CHECK(bad.status == 400);
    check_page_headers(bad);
    CHECK_FALSE(bad.contains("stoi"));
    CHECK(bad.header("set-cookie").empty());
    const auto worse = ask(site, "/chapter?page=secret");
    CHECK(worse.status == 500);
    CHECK_FALSE(worse.contains("secret"));
}

TEST_CASE("a page with a conversation has the styles and modules of all components once") {
    served site;
    const auto page = open_page(site.port()).page.body;
    const auto head = page.substr(0, page.find("</head>"));
    const auto count = [&](const std::string& text) {
        std::size_t found = 0;
        for (auto at = head.find(text); at != head.npos; at = head.find(text, at + 1))
            ++found;
        return found;
    };
    CHECK(count("<script type=\"module\" src=\"/turn.js\"></script>") == 1);
    CHECK(count("<script type=\"module\" src=\"https://a.test/x.js\"></script>") == 1);
    CHECK(count("/stube/assets/components.") == 1);
    CHECK_FALSE(ask(site, "/about").contains("components."));

    const auto from = head.find("/stube/assets/components.");
    const auto styles = ask(site, head.substr(from, head.find('"', from) - from));
    CHECK(styles.status == 200);
    CHECK(styles.header("content-type") == "text/css; charset=utf-8");
    CHECK(styles.header("cache-control") == "public, max-age=31536000, immutable");
    CHECK(
        styles.body == "[data-stube-component=\"test/appendix\"] {\nmargin: 0\n}\n"
                       "[data-stube-component=\"test/chapter\"] {\n& > b { color: red }\n}\n"
    );
    CHECK(ask(site, "/chapter").contains("<div id=\"i1\" data-stube-component=\"test/chapter\"><b>")
    );
    CHECK(ask(site, "/login").contains("<p id=\"i1\" data-stube-component=\"test/appendix\">"));
}

TEST_CASE("the addresses of component styles and modules include the base path") {
    server_options options;
    options.base_path = "/app";
    served site(options);
    const auto page = open_page(site.port(), "/app/t").page;
    CHECK(page.contains("<script type=\"module\" src=\"/app/turn.js\">"));
    CHECK(page.contains("href=\"/app/stube/assets/components."));
}

TEST_CASE("a behavior is served as a module that is revalidated") {
    served site;
    const auto module = ask(site, "/stube/behaviors/test/draw.js");
    CHECK(module.status == 200);
    CHECK(module.body == "export default {};");
    CHECK(module.header("content-type") == "text/javascript; charset=utf-8");
    CHECK(module.header("cache-control") == "no-cache");
    const auto tag = "If-None-Match: " + module.header("etag") + "\r\n";
    CHECK(ask(site, "/stube/behaviors/test/draw.js", tag).status == 304);
    CHECK(ask(site, "/stube/behaviors/test/other.js").status == 404);

    app wrong;
    wrong.behavior("a/b", "");
    for (const auto* name : {"a/b", "", "/a", "a/", "a//b", "../a", "a b", "a.b"}) {
        CAPTURE(std::string(name));
        CHECK_THROWS_AS(wrong.behavior(name, ""), std::invalid_argument);
    }
}

TEST_CASE("an exception while a page begins gives a page with status 500") {
    served site;
    const auto render = ask(site, "/broken");
    CHECK(render.status == 500);
    check_page_headers(render);
    CHECK(render.contains("Error "));
    const auto principal = ask(site, "/t", "X-Fail: yes\r\n");
    CHECK(principal.status == 500);
    CHECK_FALSE(principal.contains("secret"));
    CHECK_FALSE(render.contains("secret"));
}

TEST_CASE("an exception of any type leaves the connection open") {
    served site;
    client browser(site.port());
    CHECK(browser.ask(get("/t", "X-Fail: oddly\r\n")).status == 500);
    CHECK(browser.ask(get("/chapter?page=odd")).status == 500);
    CHECK(browser.ask(get("/chapter?page=odd&c=nothing")).status == 500);
    CHECK(browser.ask(get("/about")).status == 200);
}

TEST_CASE("the address of an ended conversation makes its component from the request again") {
    served site;
    const auto page = open_page(site.port(), "/chapter?page=3");
    CHECK(client(site.port()).ask(page.post("1/close")).contains("Closed"));

    const auto again =
        ask(site, "/chapter?page=3&c=" + page.conversation, "Cookie: " + page.cookie + "\r\n");
    CHECK(again.status == 200);
    CHECK(again.contains("page 3"));
    CHECK_FALSE(again.contains(page.conversation));
}

TEST_CASE("a page contains the heartbeat interval of its stream") {
    server_options options;
    options.limits.heartbeat = 7s;
    served site(options);
    CHECK(ask(site, "/t").contains(" data-heartbeat=\"7000\""));
}

TEST_CASE("error pages use the title and language and styles and header of the application") {
    app site;
    site.mount<tally>("/t").error_pages(
        {.title = "Inn", .lang = "de", .stylesheets = {"/inn.css"}, .header = html::p("The Inn")}
    );
    server_options options;
    options.port = 0;
    options.hosts = {"*"};
    options.conversations.logger = quiet();
    server running(site, options);
    running.start_threads();

    for (const auto* address : {"/nowhere", "/t?c=nonsense"}) {
        CAPTURE(address);
        const auto got = client(running.port())
                             .ask("GET " + std::string(address) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(got.status == 404);
        CHECK(got.contains("<html lang=\"de\">"));
        CHECK(got.contains("<title>Inn</title>"));
        CHECK(got.contains("href=\"/inn.css\""));
        CHECK(got.contains("<header><p>The Inn</p></header>"));
    }
    CHECK_THROWS_AS(site.error_pages({.login = "/login"}), std::invalid_argument);
}

TEST_CASE("a page without a conversation needs neither scripts nor cookies") {
    served site;
    const auto got = ask(site, "/about");
    CHECK(got.status == 200);
    check_page_headers(got);
    CHECK(got.contains("<p>About this</p>"));
    CHECK_FALSE(got.contains("<script"));
    CHECK(got.header("set-cookie").empty());
    CHECK(ask(site, "/about", "If-None-Match: " + got.header("etag") + "\r\n").status == 304);
}

TEST_CASE("HEAD is answered without a body and begins nothing") {
    served site;
    for (const auto* path : {"/t", "/about", "/app.css", "/healthz", "/nowhere"}) {
        CAPTURE(std::string(path));
        client c(site.port());
        c.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n" + get("/healthz"));
        const auto got = c.read(true);
        CHECK(got.status == (std::string_view(path) == "/nowhere" ? 404 : 200));
        CHECK(got.header("set-cookie").empty());
        CHECK(c.read().contains("ok"));
    }
    CHECK(ask(site, "/metrics").contains("stube_conversations 0\n"));
}

TEST_CASE("HEAD has the status and headers of GET") {
    served site;
    const auto page = open_page(site.port());
    const auto ended = open_page(site.port());
    client(site.port()).ask(ended.post("1/finish"));
    const auto mine = "Cookie: " + page.cookie + "\r\n";

    for (const auto& path :
         {std::string("/mine?a=b"),
          std::string("/chapter?page=x"),
          std::string("/chapter?page=secret"),
          "/t?c=" + page.conversation,
          "/note?c=" + page.conversation,
          "/t?c=" + ended.conversation,
          std::string("/about"),
          std::string("/app.css"),
          std::string("/nowhere")}) {
        CAPTURE(path);
        client c(site.port());
        c.send("HEAD " + path + " HTTP/1.1\r\nHost: a.test\r\n" + mine + "\r\n");
        const auto head = c.read(true);
        const auto got = ask(site, path, mine);

        CHECK(head.status == got.status);
        for (const auto* name :
             {"content-type", "content-length", "cache-control", "location", "etag"}) {
            CAPTURE(std::string(name));
            CHECK(head.header(name) == got.header(name));
        }
        CHECK_FALSE(c.receives_within(20ms));
    }
}

TEST_CASE("HEAD of a page that would begin a conversation has no Content-Length") {
    served site;
    const auto theirs = open_page(site.port());
    for (const auto& path : {std::string("/t"), "/t?c=" + theirs.conversation}) {
        CAPTURE(path);
        client c(site.port());
        c.send("HEAD " + path + " HTTP/1.1\r\nHost: a.test\r\n\r\n" + get("/healthz"));
        const auto head = c.read(true);

        CHECK(head.status == 200);
        check_page_headers(head);
        CHECK(head.header("cache-control") == "no-store");
        CHECK(head.header("content-length").empty());
        CHECK(head.header("set-cookie").empty());
        CHECK(c.read().contains("ok"));
    }
    CHECK(ask(site, "/metrics").contains("stube_conversations 1\n"));
}

TEST_CASE("embedded files are cached for ever and can be sent compressed") {
    served site;
    for (const auto& each : stube::http::assets()) {
        CAPTURE(each.name);
        const auto path = "/stube/assets/" + std::string(each.hashed_name);
        const auto plain = ask(site, path);
        CHECK(plain.status == 200);
        CHECK(plain.body == each.body);
        CHECK(plain.header("content-type") == each.mime);
        CHECK(plain.header("cache-control") == "public, max-age=31536000, immutable");
        CHECK(plain.header("vary") == "Accept-Encoding");
        const auto packed = ask(site, path, "Accept-Encoding: br, GZIP;q=0.5\r\n");
        CHECK(packed.header("content-encoding") == "gzip");
        CHECK(packed.body == each.gzip);
        CHECK(ask(site, path, "Accept-Encoding: gzip;q=0\r\n").body == each.body);
        CHECK(ask(site, path, "Accept-Encoding: gzip;q=0.000\r\n").body == each.body);
        CHECK(
            ask(site, path, "If-None-Match: \"x\", W/" + plain.header("etag") + "\r\n").status ==
            304
        );
    }
}

TEST_CASE("a path that is not served is answered with 404") {
    served site;
    for (const auto* path :
         {"/stube/assets/stube.js",
          "/stube/assets/",
          "/stube/assets",
          "/stube/",
          "/stube/assets/../assets",
          "/stube/assets/..%2f..%2fetc%2fpasswd",
          "/../../etc/passwd",
          "/stube/assets/%2e%2e/%2e%2e/etc/passwd",
          "//etc/passwd",
          "/T",
          "/t/",
          "/stube/event",
          "/stube/event/a",
          "/stube/event/a/1",
          "/stube/event/a/1/",
          "/stube/stream/",
          "/stube/stream/a/b",
          "/t%20"}) {
        CAPTURE(std::string(path));
        CHECK(ask(site, path).status == 404);
    }
    CHECK(ask(site, "/%74").status == 200);
}

TEST_CASE("files of the application are revalidated each time") {
    served site;
    const auto got = ask(site, "/app.css");
    CHECK(got.body == "p { color: red }");
    CHECK(got.header("content-type") == "text/css; charset=utf-8");
    CHECK(got.header("cache-control") == "no-cache");
    CHECK(ask(site, "/app.css", "If-None-Match: " + got.header("etag") + "\r\n").status == 304);
}

TEST_CASE("metrics and health checks report the state of the server") {
    served site;
    const auto page = open_page(site.port());
    client(site.port()).ask(page.post("1/inc"));
    client stream(site.port());
    attach(stream, page);
    const auto got = ask(site, "/metrics");

    CHECK(got.contains("stube_conversations 1\n"));
    CHECK(got.contains("stube_streams 1\n"));
    CHECK(got.contains("stube_events_total{status=\"ok\"} 1\n"));
    CHECK(ask(site, "/healthz").body == "ok\n");
    CHECK(ask(site, "/readyz").body == "ready\n");
}

TEST_CASE("the message for a page of another release differs from that for an unreadable page") {
    auto where = std::make_shared<disk>();
    opened newer, torn;
    {
        served before({}, store_on(where));
        newer = open_page(before.port());
        torn = open_page(before.port());
    }
    auto change = [&](const opened& page, const std::string& from, const std::string& to) {
        for (auto& part : where->records.at(page.conversation).parts) {
            const auto at = part.body.find(from);
            if (at != part.body.npos) part.body.replace(at, from.size(), to);
        }
    };
    change(newer, "\"test/tally\":1", "\"test/tally\":2");
    change(torn, "\"n\":0", "\"n\":[]");

    served site({}, store_on(where));
    const auto of = [&](const opened& page) {
        return client(site.port())
            .ask(
                "GET /t?c=" + page.conversation + " HTTP/1.1\r\nHost: t\r\nCookie: " + page.cookie +
                "\r\n\r\n"
            );
    };
    CHECK(of(newer).status == 503);
    CHECK(of(newer).contains("was stored by another release of this application"));
    CHECK(of(torn).status == 503);
    CHECK(of(torn).contains("The stored data of this page cannot be read."));
}

TEST_CASE("check_store of an app reports whether a store fits the release") {
    auto where = std::make_shared<disk>();
    std::string conversation;
    {
        served before({}, store_on(where));
        conversation = open_page(before.port()).conversation;
    }
    std::ostringstream good, bad, none;
    const auto site = served::make_site();
    CHECK(site.check_store(store_on(where), good) == 0);
    CHECK(good.str().find("as_they_are=1") != std::string::npos);

    auto& head = where->records.at(conversation).parts.at(0).body;
    head.replace(head.find("test/tally"), 10, "test/gone_");
    CHECK(site.check_store(store_on(where), bad) == 1);
    CHECK(bad.str().find("component 'test/gone_' is not known") != std::string::npos);

    CHECK(site.check_store(std::make_unique<closed_store>(), none) == 2);
    CHECK(none.str() == "the store cannot be read: it is locked away\n");
}

TEST_CASE("paths that cannot be served are refused when the site is made") {
    app site;
    site.mount<tally>("/a");
    for (const auto* bad : {"", "a", "/a", "/stube/x", "/healthz", "/x?y", "/x#y", "/\r\nX: y"}) {
        CAPTURE(std::string(bad));
        CHECK_THROWS_AS(site.mount<tally>(bad), std::invalid_argument);
    }
}
