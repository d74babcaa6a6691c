#include "http/fixture.hpp"

#include <stube/runtime/conversation_history.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace testing;

namespace {

struct approval {
    static constexpr std::string_view component = "test/approval";
    std::string by;

    audience waits_for() const { return audience::role("approver"); }

    void approve(context& c) { by = c.principal().name; }

    effects name() { return write_alias("order 4711"); }

    markup render() const {
        using namespace html;
        return div(
            output("by=", by),
            form(on<"submit", &approval::approve>, button("ok")),
            button(on<"click", &approval::name>, "n")
        );
    }
};
BOOST_DESCRIBE_STRUCT(approval, (), (by, approve, name))

/// The user whom a proxy names, and the user's role.
principal user_from(const request_info& from) {
    principal out(std::string(from.header("X-User")));
    if (!from.header("X-Role").empty()) out.roles.emplace_back(from.header("X-Role"));
    return out;
}

const std::string ada = "X-User: ada\r\n";
const std::string grace = "X-User: grace\r\nX-Role: approver\r\n";
const std::string mallory = "X-User: mallory\r\n";

/// A site with an archive, whose approvers may see and use the conversations of others.
class guarded_site {
    scratch_folder folder_;  // before the server, so that it is removed after it

public:
    guarded_site()
        : site_(make_site()),
          running(
              site_,
              on_any_port(),
              sqlite_store(folder_.file("conversations.db"), {.archive = true})
          ) {
        running.start_threads();
        client c(running.port());
        page = read_page(c.ask(get("/approval", ada)));
    }

    response ask(const std::string& text) const { return client(running.port()).ask(text); }

    /// A request for a path as a user, in the browser with this cookie.
    response
    visit(const std::string& path, const std::string& user, const std::string& cookie = {}) const {
        return ask(get(path, user + (cookie.empty() ? "" : "Cookie: " + cookie + "\r\n")));
    }

    /// An event of a user in a browser of the user's own.
    response post(const std::string& member, const std::string& user) const {
        auto text = page.post(member);
        return ask(text.insert(text.find("\r\n") + 2, user));
    }

    std::string own_address() const { return "/approval?c=" + page.conversation; }

private:
    static app make_site() {
        app out;
        out.mount<approval>("/approval");
        out.mount<tally>("/t");
        out.principal(user_from);
        out.access([](const access_request& wanted) { return wanted.who.has_role("approver"); });
        return out;
    }

    app site_;

public:
    server running;
    opened page;
};

}  // namespace

TEST_CASE("a user whom the rule allows opens the page of somebody else and acts on it") {
    const guarded_site s;
    const auto shown = s.visit(s.own_address(), grace);
    CHECK(shown.status == 200);
    CHECK(shown.contains("by="));
    CHECK(shown.contains(s.page.conversation));

    CHECK(s.post("1/approve", grace).status < 300);
    CHECK(s.visit(s.own_address(), ada, s.page.cookie).contains("by=grace"));
}

TEST_CASE("a user whom the rule does not allow gets a new page, and no event of theirs arrives") {
    const guarded_site s;
    const auto shown = s.visit(s.own_address(), mallory);
    CHECK(shown.status == 200);
    CHECK_FALSE(shown.contains(s.page.conversation));
    CHECK(s.post("1/approve", mallory).status == 403);
    CHECK_FALSE(s.visit(s.own_address(), ada, s.page.cookie).contains("by=mallory"));
}

TEST_CASE("the owner cannot do what waits for another user") {
    const guarded_site s;
    const auto refused = s.post("1/approve", ada);
    CHECK(refused.status == 403);
    CHECK(refused.contains("This step waits for somebody else."));
}

TEST_CASE("a form without scripts is refused with a page if its step waits for another user") {
    const guarded_site s;
    const auto& html = s.page.page.body;
    const std::string before_ticket = "name=\"stube\" value=\"";
    const auto begin = html.find(before_ticket) + before_ticket.size();
    const auto body = "stube=" + html.substr(begin, html.find('"', begin) - begin);
    const auto refused = s.ask(
        "POST /stube/event/" + s.page.conversation + "/1/approve HTTP/1.1\r\nHost: localhost\r\n" +
        ada + "Cookie: " + s.page.cookie +
        "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body
    );
    CHECK(refused.status == 403);
    CHECK(refused.contains("Waits for somebody else"));
}

TEST_CASE("an address with an alias leads to the conversation") {
    const guarded_site s;
    REQUIRE(s.post("1/name", grace).status < 300);
    const auto found = s.visit("/approval?c=%40order+4711", ada, s.page.cookie);
    CHECK(found.status == 303);
    CHECK(found.header("location") == s.own_address());
    // The mount of the address need not be that of the conversation.
    CHECK(s.visit("/t?c=@order%204711", grace).header("location") == s.own_address());
}

TEST_CASE("an alias that a visitor may not use is answered like one that does not exist") {
    const guarded_site s;
    REQUIRE(s.post("1/name", grace).status < 300);
    const auto foreign = s.visit("/approval?c=@order%204711", mallory);
    const auto absent = s.visit("/approval?c=@order%204712", mallory);
    CHECK(foreign.status == 404);
    CHECK(absent.status == 404);
    CHECK(foreign.body == absent.body);
}

TEST_CASE("a site whose store keeps no archive has no aliases") {
    served site;
    client c(site.port());
    CHECK(c.ask(get("/t?c=@order")).status == 404);
}
