#include "http/fixture.hpp"

#include <stube/runtime/conversation_history.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

using namespace testing;

namespace {

namespace fs = std::filesystem;

/// A site whose store keeps an archive, in a folder of its own.
class archived_site {
public:
    archived_site() {
        auto name = (fs::temp_directory_path() / "stube-history-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no folder");
        folder_ = name;
        site.mount<tally>("/t");
        site.fork("/copy", [](const request_info& from) -> storage::fork_origin {
            const auto id = from.query("of");
            if (!id) throw std::invalid_argument("no conversation");
            return {std::string(*id), 2};
        });
        start();
    }

    archived_site(const archived_site&) = delete;
    archived_site& operator=(const archived_site&) = delete;

    ~archived_site() {
        running.reset();
        fs::remove_all(folder_);
    }

    void restart() {
        running.reset();
        start();
    }

    app site;
    std::unique_ptr<server> running;

private:
    void start() {
        server_options options;
        options.port = 0;
        options.threads = 1;
        options.hosts = {"a.test"};
        options.conversations.logger = std::make_shared<spdlog::logger>(
            "quiet",
            std::make_shared<spdlog::sinks::null_sink_mt>()
        );
        running = std::make_unique<server>(
            site,
            options,
            sqlite_store((folder_ / "conversations.db").string(), {.archive = true})
        );
        running->start_threads();
    }

    fs::path folder_;
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
    CHECK(events[2].fields[0].name == "i1-step");
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

    const auto copy = open_page(port, "/copy?of=" + page.conversation);
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
    server_options options;
    options.port = 0;
    options.conversations.logger =
        std::make_shared<spdlog::logger>("quiet", std::make_shared<spdlog::sinks::null_sink_mt>());
    const server running(site, options, memory_store());
    CHECK_THROWS_AS(site.history(), store_refused);
}
