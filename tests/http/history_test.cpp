#include "http/fixture.hpp"

#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

using namespace testing;

namespace {

/// A site whose store keeps an archive.
class archived_site {
    scratch_folder folder_;  // before the server, so that it is removed after it

public:
    archived_site() {
        site.mount<tally>("/t");
        site.fork("/copy", [](const request_info& from) -> storage::fork_origin {
            const auto id = from.query("of");
            if (!id) throw std::invalid_argument("no conversation");
            return {std::string(*id), 2};
        });
        restart();
    }

    void restart() {
        running.reset();
        running = std::make_unique<server>(
            site,
            on_any_port(),
            sqlite_store(folder_.file("conversations.db"), {.archive = true})
        );
        running->start_threads();
    }

    std::string file(const std::string& name) const { return folder_.file(name); }

    app site;
    std::unique_ptr<server> running;
};

}  // namespace

TEST_CASE("the history of a page has its events, and is there after a restart") {
    archived_site s;
    const auto page = open_page(s.running->port());
    {
        client c(s.running->port());
        CHECK(c.ask(page.post("1/add", "stube-args=%5B5%5D")).status < 300);
        CHECK(c.ask(page.post("1/inc", "i1-step=2")).status < 300);
    }
    s.restart();

    const auto events = s.site.history().event_view(page.conversation);
    REQUIRE(events.size() == 3);
    CHECK(events[0].kind == "visit");
    CHECK(events[1].member == "add");
    CHECK(events[1].arguments == "[5]");
    CHECK(events[2].member == "inc");
    REQUIRE(events[2].fields.size() == 1);
    CHECK(events[2].fields[0].name == "step");
    CHECK(events[2].fields[0].value == "2");

    const auto before = s.running->history().view(page.conversation, 2);
    REQUIRE(before);
    CHECK(static_cast<const tally*>(before->value.top().state.get())->n == 5);
}

TEST_CASE("the history of a page has the text of the last page after its end") {
    archived_site s;
    const auto page = open_page(s.running->port());
    client c(s.running->port());
    c.ask(page.post("1/finish"));
    const auto shown =
        s.site.history().message_records(page.conversation, {.include_content = true});
    REQUIRE(!shown.empty());
    CHECK(shown.back().content == "<p>Final words\nin two lines</p>");
}

TEST_CASE("a page can continue another conversation from a head of the archive") {
    archived_site s;
    const auto port = s.running->port();
    const auto page = open_page(port);
    client c(port);
    c.ask(page.post("1/add", "stube-args=%5B5%5D"));
    c.ask(page.post("1/add", "stube-args=%5B2%5D"));

    const auto copy = open_page(port, "/copy?of=" + page.conversation, page.cookie);
    CHECK(copy.conversation != page.conversation);
    CHECK(copy.page.contains("n=5"));
    c.ask(copy.post("1/add", "stube-args=%5B1%5D"));
    const auto history = s.site.history();
    CHECK(
        static_cast<const tally*>(history.view(copy.conversation)->value.top().state.get())->n == 6
    );
    CHECK(history.derivations(page.conversation).front().id == copy.conversation);

    const auto cookie = "Cookie: " + page.cookie + "\r\n";
    CHECK(c.ask(get("/copy", cookie)).status == 400);
    CHECK(c.ask(get("/copy?of=unknown", cookie)).status == 500);
}

TEST_CASE("an app without a server, or with a store without an archive, has no history") {
    app site;
    site.mount<tally>("/t");
    CHECK_THROWS_AS(site.history(), std::logic_error);
    const server running(site, on_any_port(), memory_store());
    CHECK_THROWS_AS(site.history(), store_refused);
}

TEST_CASE("an exported conversation of a running server is replayed by a test") {
    archived_site s;
    const auto page = open_page(s.running->port());
    {
        client c(s.running->port());
        CHECK(c.ask(page.post("1/add", "stube-args=%5B5%5D")).status < 300);
        CHECK(c.ask(page.post("1/inc", "i1-step=2")).status < 300);
    }
    const auto file = s.file("incident.json");
    s.site.history().export_to(page.conversation, file);

    auto t = test_conversation::from_export(std::ifstream(file));
    const auto report = t.replay();
    CHECK(report.compared == 2);
    CHECK(report.not_compared.empty());
    const auto now = s.site.history().view(page.conversation);
    REQUIRE(now);
    CHECK(
        static_cast<const tally*>(t.value().top().state.get())->n ==
        static_cast<const tally*>(now->value.top().state.get())->n
    );
}

TEST_CASE("a stored history reads an archive beside the server that owns it") {
    archived_site s;
    const auto page = open_page(s.running->port());
    client(s.running->port()).ask(page.post("1/add", "stube-args=%5B5%5D"));
    const live::stored_history stored(
        sqlite_store(s.file("conversations.db"), {.read_only = true, .archive = true})
    );
    CHECK(stored->event_view(page.conversation).size() == 2);
    CHECK_THROWS_AS(stored->find(live::conversations()), store_refused);  // it has no index
    CHECK_THROWS_AS(live::stored_history{memory_store()}, store_refused);
}

TEST_CASE("an export is a new file that only its owner can read") {
    archived_site s;
    const auto page = open_page(s.running->port());
    const auto file = s.file("incident.json");
    const auto history = s.site.history();
    CHECK_THROWS_AS(history.export_to("unknown", file), std::invalid_argument);
    CHECK_FALSE(std::filesystem::exists(file));
    history.export_to(page.conversation, file);
    using std::filesystem::perms;
    CHECK(std::filesystem::status(file).permissions() == (perms::owner_read | perms::owner_write));
    CHECK_THROWS_AS(history.export_to(page.conversation, file), std::system_error);
    CHECK_THROWS_AS(
        test_conversation::from_export(std::ifstream(s.file("absent.json"))),
        decode_error
    );
}
