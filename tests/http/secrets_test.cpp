#include "http/fixture.hpp"

#include <stube/runtime/check_store.hpp>

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// A server whose components have secrets. A program of its own, because the other tests start
// servers without keys.

using namespace testing;
namespace {

/// Searched in everything that the server writes.
constexpr std::string_view seed = "hunter2";

struct safe {
    static constexpr std::string_view component = "secrets/safe";
    field<transient<std::string>> password;
    field<encrypted<std::string>> account;
    field<encrypted<int>> number;
    field<std::string> name;
    transient<std::string> pin;
    encrypted<std::string> token;
    int opened = 0;

    void open() {
        token = password.value().reveal();
        ++opened;
    }

    void pay(const transient<std::string>& with) {
        pin = with;
        ++opened;
    }

    void give(const encrypted<std::string>& value) {
        token = value;
        ++opened;
    }

    void need() { opened += number.value().reveal(); }

    void fail() { throw std::runtime_error("out of order"); }

    effects next() { return call<note>("Next"); }

    std::string state() const {
        return "opened=" + std::to_string(opened) +
               " token=" + std::to_string(token.reveal().size()) +
               " account=" + std::to_string(account.text().reveal().size());
    }

    markup render() const {
        using namespace html;
        return form(
            on<"submit", &safe::open>,
            p(state()),
            ui::error_summary(*this),
            ui::input_for<&safe::password>(*this, "Password"),
            ui::input_for<&safe::account>(*this, "Account"),
            ui::input_for<&safe::number>(*this, "Number"),
            ui::input_for<&safe::name>(*this, "Name"),
            div(stube::behavior("test/draw").event<&safe::pay>()),
            div(stube::behavior("test/pad").event<&safe::give>()),
            button(type("button"), on<"click", &safe::need>, "Need"),
            button(type("button"), on<"click", &safe::fail>, "Fail"),
            button(type("button"), on<"click", &safe::next>, "Next"),
            button("Open")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    safe,
    (),
    (password, account, number, name, pin, token, opened, open, pay, give, need, fail, next)
)

stube::secret_keys key_named(const std::string& id) {
    return {{id, "a key of thirty-two random bytes for " + id}};
}

app make_site(const stube::secret_keys& keys) {
    app site;
    site.mount<safe>("/safe");
    site.secret_keys(keys);
    return site;
}

/// A server with its log.
class safe_server {
public:
    explicit safe_server(
        std::unique_ptr<store> storage = memory_store(),
        const std::string& key = "2026"
    )
        : running(make_site(key_named(key)), options(), std::move(storage)) {
        running.start_threads();
    }

    std::string log() const { return log_.str(); }

private:
    server_options options() {
        server_options out;
        out.port = 0;
        out.threads = 1;
        out.hosts = {"a.test"};
        out.conversations.logger = std::make_shared<spdlog::logger>(
            "secrets",
            std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)
        );
        out.conversations.logger->set_level(spdlog::level::trace);
        return out;
    }

    std::ostringstream log_;

public:
    server running;
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string form_with_secrets() {
    const std::string value(seed);
    return "i1-name=Ada&i1-password=" + value + "&i1-account=" + value + "&i1-number=" + value;
}

/// Sends secrets in all ways, valid and not. Returns everything that the server has answered.
std::string send_secrets(client& on, const opened& page) {
    std::string out;
    const auto send = [&](std::string_view member, const std::string& body) {
        auto got = on.ask(page.post(member, body));
        out.append(got.head).append(got.body).append("\n");
    };
    const std::string value(seed);
    send("1/open", form_with_secrets());
    send("1/pay", "stube-args=%5B%22" + value + "%22%5D");
    send("1/give", "stube-args=%5B%22" + value + "%22%5D");
    send("1/pay", "stube-args=%5B%5B%22" + value + "%22%5D%5D");
    send("1/pay", "stube-args=%5B%7B%22" + value + "%22%3A1%7D%5D");
    send("1/give", "stube-args=%5B%22" + value + "%22%2C1%5D");
    send("1/give", "stube-args=" + value);
    send("1/need", form_with_secrets());
    send("1/fail", form_with_secrets());
    send("1/open", form_with_secrets());
    send("1/next", form_with_secrets());
    return out;
}

std::string page_of(std::uint16_t port, const opened& from) {
    client c(port);
    return c.ask(get("/safe?c=" + from.conversation, "Cookie: " + from.cookie + "\r\n")).body;
}

/// Makes a store in a folder.
using store_in = std::unique_ptr<store> (*)(const scratch_folder& folder);

void check_that_nothing_leaks(store_in make) {
    scratch_folder folder;
    opened page;
    {
        safe_server server(make(folder));
        const auto port = server.running.port();
        page = open_page(port, "/safe");
        client c(port);
        client stream(port);
        attach(stream, page);
        const auto answers = send_secrets(c, page);
        CHECK(contains(answers, "400 Bad Request"));
        CHECK_FALSE(contains(answers, seed));
        c.ask(page.back());
        const auto shown = page_of(port, page);
        CHECK(contains(shown, "token=7 account=7"));
        CHECK(contains(shown, "value=\"Ada\""));
        CHECK_FALSE(contains(shown, seed));
        server.running.stop();
        const auto patches = stream.read_to_end();
        CHECK(contains(patches, "opened=4"));
        CHECK(contains(patches, "Enter a whole number"));
        CHECK_FALSE(contains(patches, seed));
        CHECK(contains(server.log(), "out of order"));
        CHECK_FALSE(contains(server.log(), seed));
    }
    const auto written = folder.content();
    CHECK(contains(written, "Ada"));
    CHECK(contains(written, "2026:"));
    CHECK_FALSE(contains(written, seed));
    CHECK_FALSE(contains(written, "\"password\""));
    {
        safe_server server(make(folder));
        const auto shown = page_of(server.running.port(), page);
        CHECK(contains(shown, "token=7 account=7"));
        CHECK_FALSE(contains(shown, seed));
    }
    {
        safe_server server(make(folder), "2027");
        CHECK_FALSE(contains(page_of(server.running.port(), page), "token=7"));
        server.running.stop();
        CHECK(contains(server.log(), "an encrypted value needs the key"));
    }
    {
        safe_server server(make(folder));
        CHECK(contains(page_of(server.running.port(), page), "token=7 account=7"));
    }
    std::ostringstream report;
    CHECK(make_site(key_named("2026")).check_store(make(folder), report) == 0);
    CHECK(make_site(key_named("2027")).check_store(make(folder), report) == 1);
    CHECK_FALSE(contains(report.str(), seed));
}

}  // namespace

TEST_CASE("no secret is in the files of a file store or in the log or in a page") {
    check_that_nothing_leaks([](const scratch_folder& folder) {
        return file_store(folder.file("files"));
    });
}

TEST_CASE("no secret is in the files of a database or in the log or in a page") {
    check_that_nothing_leaks([](const scratch_folder& folder) {
        return sqlite_store(folder.file("conversations.db"));
    });
}

TEST_CASE("no secret is in a database with an archive") {
    check_that_nothing_leaks([](const scratch_folder& folder) {
        return sqlite_store(folder.file("conversations.db"), {.archive = true});
    });
}

TEST_CASE("no secret is in a page that is submitted without scripts") {
    safe_server server;
    const auto port = server.running.port();
    const auto page = open_page(port, "/safe");
    const auto& html = page.page.body;
    const auto from = [&](std::string_view before) {
        const auto begin = html.find(before);
        REQUIRE(begin != html.npos);
        const auto value = begin + before.size();
        return html.substr(value, html.find('"', value) - value);
    };
    const auto body = "stube=" + from("name=\"stube\" value=\"") + "&" + form_with_secrets();
    client c(port);
    const auto sent = c.ask(
        "POST " + from("action=\"") + " HTTP/1.1\r\nHost: a.test\r\nCookie: " + page.cookie +
        "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body
    );
    CHECK(sent.status == 303);
    CHECK_FALSE(contains(sent.head, seed));
    const auto shown = page_of(port, page);
    CHECK(contains(shown, "opened=1 token=7 account=7"));
    CHECK_FALSE(contains(shown, seed));
}

TEST_CASE("a server without a key for an encrypted value does not start") {
    server_options options;
    options.port = 0;
    options.conversations.logger = quiet();
    app site;
    site.mount<safe>("/safe");
    CHECK_THROWS_WITH_AS(
        server(site, options, memory_store()),
        "stube: the component secrets/safe has an encrypted value, and the application has no key "
        "for it; give the keys with app::secret_keys",
        std::logic_error
    );
    CHECK(site.start(options) == 1);
    options.conversations.secrets = key_named("2026");
    const server running(site, options, memory_store());
    CHECK(running.port() != 0);
}

TEST_CASE("two apps in one process have keys of their own") {
    scratch_folder first;
    scratch_folder second;
    {
        safe_server one(file_store(first.file("files")), "one");
        safe_server two(file_store(second.file("files")), "two");
        for (const auto* each : {&one, &two}) {
            const auto page = open_page(each->running.port(), "/safe");
            client c(each->running.port());
            CHECK(c.ask(page.post("1/open", form_with_secrets())).contains("opened=1"));
        }
    }
    CHECK(contains(first.content(), "one:"));
    CHECK_FALSE(contains(first.content(), "two:"));
    CHECK(contains(second.content(), "two:"));
    CHECK_FALSE(contains(second.content(), "one:"));
}
