#include "http/fixture.hpp"

#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>

using namespace testing;

namespace {

struct safe {
    static constexpr std::string_view component = "test/safe";
    int opened = 0;
    transient<std::string> code;

    void open(context&) {
        ++opened;
        code = transient<std::string>("swordfish");
    }

    markup render() const {
        using namespace html;
        return div("opened=", opened, button(on<"click", &safe::open>, "open"));
    }
};
BOOST_DESCRIBE_STRUCT(safe, (), (opened, code, open))

using inspector_rule = std::function<bool(const request_info&)>;

bool allows_developers(const request_info& from) {
    return from.header("X-Role") == "developer";
}

const std::string developer = "X-Role: developer\r\n";
const std::string framed = "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Site: same-origin\r\n";

/// A site with an archive and an inspector, and one page of a visitor.
class inspected_site {
    scratch_folder folder_;  // before the server, so that it is removed after it

public:
    explicit inspected_site(inspector_rule rule = allows_developers, server_options options = {})
        : site_(make_site(std::move(rule))),
          running(
              site_,
              on_any_port(std::move(options)),
              sqlite_store(folder_.file("conversations.db"), {.archive = true})
          ) {
        running.start_threads();
    }

    opened open(const std::string& path) const { return read_page(ask(get(path))); }

    response ask(const std::string& text) const { return client(running.port()).ask(text); }

    response inspect(const opened& page, const std::string& address) const {
        return ask(get(address, developer + "Cookie: " + page.cookie + "\r\n"));
    }

    /// The panel of a page, as the browser loads it into its frame.
    response panel(const opened& page, const std::string& more = {}) const {
        const auto address = "/stube/inspector?of=" + page.conversation + more;
        return ask(get(address, developer + framed + "Cookie: " + page.cookie + "\r\n"));
    }

private:
    static app make_site(inspector_rule rule) {
        app out;
        out.mount<tally>("/t");
        out.mount<safe>("/safe");
        if (rule) out.inspector(std::move(rule));
        return out;
    }

    app site_;

public:
    server running;
};

std::string present(const opened& page) {
    return "/t?c=" + page.conversation + "&inspect=1";
}

}  // namespace

TEST_CASE(
    "without app::inspector a page has no panel and the addresses of the inspector are unknown"
) {
    const inspected_site s(nullptr);
    const auto page = s.open("/t");
    const auto shown = s.inspect(page, present(page));
    CHECK(shown.status == 200);
    CHECK_FALSE(shown.contains("stube-inspector"));
    CHECK_FALSE(shown.contains("data-stube-component=\"test/tally\""));
    CHECK(s.panel(page).status == 404);
    CHECK(s.ask(get("/stube/inspector.css", developer)).status == 404);
    CHECK(s.inspect(page, present(page) + "&head=1").contains("id=\"stube-stream\""));
}

TEST_CASE("a visitor whom the rule does not allow gets the page without a panel") {
    const inspected_site s;
    const auto page = s.open("/t");
    const auto cookies = "Cookie: " + page.cookie + "; stube_inspect=1\r\n";
    CHECK_FALSE(s.ask(get(present(page), cookies)).contains("stube-inspector"));
    CHECK(s.ask(get(present(page) + "&head=1", cookies)).contains("id=\"stube-stream\""));
    CHECK(s.ask(get(present(page) + "&fork=1", cookies)).status == 200);
    CHECK(s.ask(get("/stube/inspector?of=" + page.conversation, cookies + framed)).status == 404);
    CHECK(s.ask(get("/stube/inspector.css", cookies)).status == 404);
}

TEST_CASE("a rule for the inspector that throws allows nothing") {
    const inspected_site s([](const request_info&) -> bool { throw std::runtime_error("no"); });
    const auto page = s.open("/t");
    CHECK_FALSE(s.inspect(page, present(page)).contains("stube-inspector"));
    CHECK(s.panel(page).status == 404);
}

TEST_CASE("an inspected page has outlined components and the panel of its conversation") {
    const inspected_site s;
    const auto page = s.open("/t");
    const auto shown = s.inspect(page, present(page));
    CHECK(shown.contains("data-stube-component=\"test/tally\""));
    CHECK(shown.contains(
        "<iframe id=\"stube-inspector\" title=\"Inspector\" src=\"/stube/inspector?of=" +
        page.conversation + "\"></iframe></body>"
    ));
    CHECK(shown.contains("<link rel=\"stylesheet\" href=\"/stube/inspector.css\">"));
    CHECK(s.ask(get("/stube/inspector.css", developer)).status == 200);
}

TEST_CASE("the inspector stays on for the browser until it is closed") {
    const inspected_site s;
    const auto page = s.open("/t");
    CHECK(s.inspect(page, present(page)).head.find("stube_inspect=1;") != std::string::npos);

    const auto inspecting = developer + "Cookie: " + page.cookie + "; stube_inspect=1\r\n";
    const auto address = "/t?c=" + page.conversation;
    CHECK(s.ask(get(address, inspecting)).contains("stube-inspector"));
    const auto closed = s.ask(get(address + "&inspect=0", inspecting));
    CHECK_FALSE(closed.contains("stube-inspector"));
    CHECK(
        closed.head.find("stube_inspect=0; HttpOnly; SameSite=Lax; Path=/; Max-Age=0") !=
        std::string::npos
    );
}

TEST_CASE("only the panel can be shown in a frame, and only in one of this server") {
    const inspected_site s;
    const auto page = s.open("/t");
    const auto own = "frame-ancestors 'self'";
    CHECK(s.panel(page).head.find(own) != std::string::npos);
    CHECK(s.inspect(page, present(page)).head.find("frame-ancestors 'none'") != std::string::npos);

    const auto foreign = "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Site: cross-site\r\n";
    const auto panel = "/stube/inspector?of=" + page.conversation;
    CHECK(s.ask(get(panel, developer + foreign)).status == 403);
    CHECK(s.ask(get("/t", developer + framed)).status == 403);
}

TEST_CASE("the panel has the components with their states, the events and the patches") {
    const inspected_site s;
    const auto page = s.open("/t");
    s.ask(page.post("1/inc", "i1-step=3", 1));
    const auto panel = s.panel(page);
    CHECK(panel.contains("<code>test/tally #1</code>"));
    CHECK(panel.contains("<code>n: 3</code>"));
    CHECK(panel.contains("Patches of head 2"));
    CHECK(panel.contains("inc of test/tally #1"));
    CHECK(panel.contains("<code>step = 3</code>"));
    CHECK(panel.contains("visit: test/tally"));
}

TEST_CASE("the panel at a head has the state of that head") {
    const inspected_site s;
    const auto page = s.open("/t");
    s.ask(page.post("1/inc", {}, 1));
    CHECK(s.panel(page, "&head=1").contains("<code>n: 0</code>"));
    CHECK(s.panel(page, "&head=9").contains("The archive does not have this conversation."));
    CHECK(s.panel(page, "&head=last").status == 400);
}

TEST_CASE("the panel has no secret value") {
    const inspected_site s;
    const auto page = s.open("/safe");
    s.ask(page.post("1/open", {}, 1));
    const auto panel = s.panel(page);
    CHECK(panel.contains("<code>opened: 1</code>"));
    CHECK_FALSE(panel.contains("swordfish"));
}

TEST_CASE("the page at an earlier head accepts no input and follows no changes") {
    const inspected_site s;
    const auto page = s.open("/t");
    s.ask(page.post("1/inc", {}, 1));
    const auto past = s.inspect(page, present(page) + "&head=1");
    CHECK(past.status == 200);
    CHECK(past.contains("<div inert>"));
    CHECK(past.contains("n=0"));
    CHECK(past.contains("head=1\"></iframe>"));
    CHECK_FALSE(past.contains("stube-stream"));
    CHECK_FALSE(past.contains("</script></body>"));
    CHECK(s.inspect(page, present(page) + "&head=3").status == 404);
}

TEST_CASE("a fork from the inspector continues at the head in a conversation of its own") {
    const inspected_site s;
    const auto page = s.open("/t");
    s.ask(page.post("1/inc", {}, 1));
    const auto forked = s.inspect(page, present(page) + "&fork=1");
    REQUIRE(forked.status == 303);
    const auto address = forked.header("location");
    CHECK(address.find(page.conversation) == std::string::npos);
    CHECK(s.inspect(page, address).contains("n=0"));
    CHECK(s.inspect(page, present(page)).contains("n=1"));
}

TEST_CASE("a head that does not exist at the requested address is not found") {
    const inspected_site s;
    const auto page = s.open("/t");
    for (const char* head : {"2", "0", "-1", "abc", "", "18446744073709551616"}) {
        CHECK(s.inspect(page, present(page) + "&head=" + head).status == 404);
        CHECK(s.inspect(page, present(page) + "&fork=" + head).status == 404);
    }
    const auto elsewhere = "/stube/inspector?c=" + page.conversation + "&inspect=1";
    CHECK(s.inspect(page, elsewhere + "&head=1").status == 404);
    CHECK(s.inspect(page, elsewhere + "&fork=1").status == 404);
}

TEST_CASE("another site cannot make a developer's browser fork a conversation") {
    const inspected_site s;
    const auto page = s.open("/t");
    const auto headers =
        developer + "Sec-Fetch-Site: cross-site\r\nCookie: " + page.cookie + "\r\n";
    CHECK(s.ask(get(present(page) + "&fork=1", headers)).status == 403);
}

TEST_CASE("the inspector does not allow to fork the conversation of somebody else") {
    const inspected_site s;
    const auto page = s.open("/t");
    const auto forked = s.ask(get(present(page) + "&fork=1", developer));
    CHECK(forked.status != 303);
    CHECK_FALSE(forked.contains("n=0"));
}

TEST_CASE("the addresses of the inspector have the base path") {
    server_options options;
    options.base_path = "/app";
    const inspected_site s(allows_developers, options);
    const auto page = s.open("/app/t");
    const auto shown = s.inspect(page, "/app/t?c=" + page.conversation + "&inspect=1");
    CHECK(shown.contains("src=\"/app/stube/inspector?of=" + page.conversation));
    CHECK(shown.contains("href=\"/app/stube/inspector.css\""));
    const auto panel = s.ask(
        get("/app/stube/inspector?of=" + page.conversation,
            developer + framed + "Cookie: " + page.cookie + "\r\n")
    );
    CHECK(panel.contains("href=\"/app/t?c=" + page.conversation + "&amp;inspect=1&amp;head=1\""));
}

TEST_CASE("the panel says that a store without an archive has nothing to show") {
    app site;
    site.mount<tally>("/t").inspector(allows_developers);
    server running(site, on_any_port(), memory_store());
    running.start_threads();
    const auto page = read_page(client(running.port()).ask(get("/t")));
    const auto panel =
        client(running.port())
            .ask(get("/stube/inspector?of=" + page.conversation, developer + framed));
    CHECK(panel.contains("The store keeps no archive."));
}
