#include "http/fixture.hpp"
#include "http/process.hpp"

#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <unistd.h>

using namespace testing;

namespace {

response send(const served& site, const std::string& request) {
    return client(site.port()).ask(request);
}

}  // namespace

TEST_CASE("a server starts and stops a hundred times in one process") {
    for (int at = 0; at < 100; ++at) {
        CAPTURE(at);
        served site;
        if (at % 10 == 0) CHECK(open_page(site.port()).page.status == 200);
        site.running.stop();
        site.running.stop();
    }
}

TEST_CASE("a server that was never started can be destroyed") {
    server_options options;
    options.port = 0;
    options.conversations.logger = quiet();
    server never(served::make_site(), options);
    CHECK(never.port() != 0);
    CHECK(never.address() == "http://127.0.0.1:" + std::to_string(never.port()) + "/");
}

TEST_CASE("two servers in one process do not share conversations") {
    served first;
    served second;
    const auto page = open_page(first.port());
    CHECK(send(first, page.post("1/inc")).contains("n=1"));
    CHECK(send(second, page.post("1/inc")).status == 404);
}

TEST_CASE("start returns 1 for an invalid port") {
    for (const int port : {-1, 65536, 70000}) {
        CAPTURE(port);
        CHECK(served::make_site().start(port) == 1);
    }
}

TEST_CASE("the constructor throws if the port is in use or an address is invalid") {
    served site;
    server_options options;
    options.port = site.port();
    options.conversations.logger = quiet();
    CHECK_THROWS_WITH_AS(
        server(served::make_site(), options),
        doctest::Contains("cannot listen on 127.0.0.1:"),
        std::system_error
    );
    options.bind = "somewhere";
    CHECK_THROWS_AS(server(served::make_site(), options), std::invalid_argument);
    options.bind = "127.0.0.1";
    options.base_path = "app/";
    CHECK_THROWS_AS(server(served::make_site(), options), std::invalid_argument);
}

TEST_CASE("conversations survive a restart") {
    auto where = std::make_shared<disk>();
    opened page;
    {
        served site({}, store_on(where));
        page = open_page(site.port());
        CHECK(send(site, page.post("1/add", "stube-args=%5B7%5D", 55)).contains("n=7"));
    }
    served site({}, store_on(where));
    CHECK(send(site, page.post("1/add", "stube-args=%5B7%5D", 55)).contains("n=7"));
    client stream(site.port());
    attach(stream, page, "Last-Event-ID: 2\r\n");
    CHECK_FALSE(stream.receives_within(200ms));
    CHECK(send(site, page.post("1/inc")).status == 204);
    CHECK(stream.read_until("\n\n").find("n=8") != std::string::npos);
}

TEST_CASE("a conversation that was not kept over a restart shows a message everywhere") {
    auto where = std::make_shared<disk>();
    opened page;
    {
        served site({}, store_on(where));
        page = open_page(site.port(), "/flow");
    }
    served site({}, store_on(where));
    const auto got =
        client(site.port())
            .ask(get("/flow?c=" + page.conversation, "Cookie: " + page.cookie + "\r\n"));
    CHECK(got.status == 410);
    CHECK(got.contains("could not be kept"));
    CHECK(got.contains("<a href=\"/flow\">Start again</a>"));
    const auto event = send(site, page.post("1/done"));
    CHECK(event.status == 410);
    CHECK(event.contains("<hx-partial hx-target=\"#stube-notice\""));
    client stream(site.port());
    attach(stream, page);
    const auto rest = stream.read_to_end();
    CHECK(rest.find("<a href=\"/flow\">Start again</a>") != rest.npos);
    CHECK(rest.ends_with("event: stube-end\ndata: \n\n\r\n0\r\n\r\n"));
}

TEST_CASE("an unreadable conversation is kept and shows a message") {
    auto where = std::make_shared<disk>();
    opened page;
    {
        served site({}, store_on(where));
        page = open_page(site.port());
    }
    for (auto& each : where->records[page.conversation].parts)
        each.body = "{\"of\":\"the future\"}";
    served site({}, store_on(where));
    const auto got = client(site.port())
                         .ask(get("/t?c=" + page.conversation, "Cookie: " + page.cookie + "\r\n"));
    CHECK(got.status == 503);
    CHECK(got.contains("cannot be read"));
    CHECK(send(site, page.post("1/inc")).status == 503);
    CHECK(where->records.size() == 1);
}

TEST_CASE("a server that stops finishes the requests in progress") {
    served site;
    const auto page = open_page(site.port());
    client idle(site.port());
    CHECK(idle.ask(get("/healthz")).status == 200);
    client stream(site.port());
    attach(stream, page);
    client busy(site.port());
    send_slow(busy, page);
    std::thread stopping([&] { site.running.stop(); });

    CHECK(idle.is_closed_within(5s));
    const auto rest = stream.read_to_end();
    CHECK(rest.find("event: stube-drain\n\n") != rest.npos);
    CHECK(rest.ends_with("0\r\n\r\n"));
    const auto done = busy.read();
    CHECK((done.status == 200 || done.status == 204));
    CHECK(done.header("connection") == "close");
    CHECK(busy.is_closed_within(5s));
    stopping.join();
    CHECK_THROWS(client(site.port()).ask(get("/healthz")));
}

TEST_CASE("a server that is about to stop is not ready") {
    server_options options;
    options.drain_delay = 1s;
    served site(options);
    std::thread stopping([&] { site.running.stop(); });
    std::this_thread::sleep_for(300ms);

    CHECK(client(site.port()).ask(get("/readyz")).status == 503);
    CHECK(client(site.port()).ask(get("/healthz")).status == 200);
    stopping.join();
}

TEST_CASE("a server that is about to stop serves streams until it stops") {
    server_options options;
    options.drain_delay = 1s;
    served site(options);
    const auto page = open_page(site.port());
    client before(site.port());
    attach(before, page);
    std::thread stopping([&] { site.running.stop(); });
    std::this_thread::sleep_for(300ms);

    client meanwhile(site.port());
    attach(meanwhile, page);
    CHECK_FALSE(before.receives_within(100ms));
    CHECK_FALSE(meanwhile.receives_within(100ms));
    for (auto* each : {&before, &meanwhile})
        CHECK(each->read_to_end().find("event: stube-drain\n") != std::string::npos);
    stopping.join();
}

namespace {

/// Runs the program with this `mode` (see program.cpp) and returns its exit code. If the program
/// serves, `use` gets it and its port.
int exit_code_of(
    const char* port,
    const std::string& mode,
    const std::function<void(const program&, std::uint16_t)>& use
) {
    small_pipe output;
    program running({.mode = mode, .port = port, .output = output.writer()});
    output.close_writer();
    const auto line = output.read_line();
    if (!line.empty()) {
        CHECK(line.starts_with("listening on http://127.0.0.1:"));
        CHECK(line.ends_with("/"));
        use(running, port_in(line));
    }
    return running.exit_code();
}

}  // namespace

TEST_CASE("start serves until a signal comes") {
    const int code = exit_code_of("0", "working", [](const program& child, std::uint16_t port) {
        CHECK(open_page(port).page.status == 200);
        child.signal(SIGTERM);
    });
    CHECK(code == 0);
}

TEST_CASE("a second signal ends the process at once") {
    const int code =
        exit_code_of("0", "slow to stop", [](const program& child, std::uint16_t port) {
            child.signal(SIGINT);
            while (client(port).ask(get("/readyz")).status == 200)
                std::this_thread::sleep_for(10ms);
            child.signal(SIGINT);
        });
    CHECK(code == 1000 + SIGINT);
}

TEST_CASE("start returns 1 when the port is in use") {
    served site;
    const auto port = std::to_string(site.port());
    CHECK(exit_code_of(port.c_str(), "working", [](const program&, std::uint16_t) {
              CHECK(false);
          }) == 1);
}

TEST_CASE("start returns 1 when the store has another owner") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("stube-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    const auto file = (folder / "taken.db").string();
    auto owner = sqlite_store(file);
    owner->load_all([](record&&) {});

    CHECK(exit_code_of("0", "sqlite:" + file, [](const program&, std::uint16_t) {
              CHECK(false);
          }) == 1);

    owner.reset();
    std::filesystem::remove_all(folder);
}

TEST_CASE("start returns exit_store_down when the state of the store is unknown") {
    const int code = exit_code_of("0", "failed", [](const program&, std::uint16_t port) {
        CHECK(client(port).ask(get("/t")).status == 503);
    });
    CHECK(code == app::exit_store_down);
}

namespace {

/// Runs the program with a store and returns its exit code. `use` gets the place of the store.
template <class Use>
int exit_code_with_store(const std::string& kind, Use use) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("stube-lost-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    const auto place = folder / "store";
    const int code =
        exit_code_of("0", kind + place.string(), [&](const program&, std::uint16_t port) {
            use(port, place);
        });
    std::filesystem::remove_all(folder);
    return code;
}

/// False also if the server has ended before its response.
bool is_acknowledged(client& visitor, const std::string& event) {
    try {
        return visitor.ask(event).status < 300;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace

TEST_CASE("an idle server stops when its database or folder is deleted") {
    for (const std::string kind : {"sqlite:", "files:"}) {
        CAPTURE(kind);
        const int code = exit_code_with_store(kind, [](std::uint16_t port, const auto& place) {
            CHECK(open_page(port).page.status == 200);
            std::filesystem::remove_all(place);
        });
        CHECK(code == app::exit_store_down);
    }
}

TEST_CASE("an event is not acknowledged by a server whose database or folder was deleted") {
    for (const std::string kind : {"sqlite:", "files:"}) {
        CAPTURE(kind);
        const int code = exit_code_with_store(kind, [](std::uint16_t port, const auto& place) {
            const auto page = open_page(port);
            client visitor(port);
            CHECK(is_acknowledged(visitor, page.post("1/inc")));
            std::filesystem::remove_all(place);
            CHECK_FALSE(is_acknowledged(visitor, page.post("1/inc")));
        });
        CHECK(code == app::exit_store_down);
    }
}
