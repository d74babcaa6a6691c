#include "http/fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

using namespace testing;

namespace {

response send(const served& site, const std::string& request) {
    return client(site.port()).ask(request);
}

/// The next message, without the chunk around it.
std::string message(client& stream) {
    auto text = stream.read_until("\n\n\r\n");
    return text.substr(text.find("\r\n") + 2);
}

/// The request `event` from a page that has no stream and shows this revision.
std::string without_stream(std::string event, int revision) {
    const auto end_of_head = event.find("\r\n\r\n") + 2;
    return event.insert(end_of_head, "Stube-Seen: " + std::to_string(revision) + "\r\n");
}

/// Has an event that changes nothing on the page.
struct still {
    static constexpr std::string_view component = "test/still";

    void look() {}

    markup render() const { return html::button(on<"click", &still::look>, "Look"); }
};
BOOST_DESCRIBE_STRUCT(still, (), (look))

std::string owned(const opened& page) {
    return "Cookie: " + page.cookie + "\r\n";
}

}  // namespace

TEST_CASE("a stream sends a heartbeat at once and nothing more until the first change") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    stream.send(page.stream());
    const auto head = stream.read_head();

    CHECK(head.status == 200);
    CHECK(head.header("content-type") == "text/event-stream");
    CHECK(head.header("cache-control") == "no-cache, no-transform");
    CHECK(head.header("x-accel-buffering") == "no");
    CHECK(head.header("transfer-encoding") == "chunked");
    CHECK(head.header("connection") == "close");
    CHECK(message(stream) == "event: stube-beat\n\n\r\n");
    CHECK_FALSE(stream.receives_within(200ms));
}

TEST_CASE("a page that names itself gets the patch of its own event only in the response") {
    served site;
    const auto page = open_page(site.port());
    client own(site.port());
    attach(own, page, "Stube-Page: 00000000ab\r\n");
    client other(site.port());
    attach(other, page, "Stube-Page: 00000000cd\r\n");

    const auto got = send(site, page.post("1/inc", {}, 0xab000001));
    CHECK(got.status == 200);
    CHECK(got.header("stube-revision") == "2");
    CHECK(got.header("stube-base") == "1");
    CHECK(got.body.starts_with("<hx-morph of=\"i1\"><div id=\"i1\"><output>n=1"));
    CHECK(message(other).starts_with("id: 2\ndata: <hx-morph of=\"i1\">"));

    CHECK(send(site, page.post("1/inc", {}, 0xcd000001)).header("stube-base") == "2");
    CHECK(message(own).starts_with("id: 3\n"));
    CHECK_FALSE(other.receives_within(200ms));
}

TEST_CASE("a response without patches names the revision that the page must show before it") {
    app site;
    site.mount<still>("/");
    server running(std::move(site), on_any_port());
    running.start_threads();
    const auto page = open_page(running.port(), "/");
    client own(running.port());
    attach(own, page, "Stube-Page: 00000000ab\r\n");

    const auto got = client(running.port()).ask(page.post("1/look", {}, 0xab000001));
    CHECK(got.status == 204);
    CHECK(got.header("stube-revision") == "2");
    CHECK(got.header("stube-base") == "1");
    CHECK_FALSE(own.receives_within(200ms));
}

TEST_CASE("a response with the whole view or with notices alone names no revision before it") {
    served site;
    const auto page = open_page(site.port());
    client own(site.port());
    attach(own, page, "Stube-Page: 00000000ab\r\n");
    send(site, page.post("1/inc", {}, 0xab000001));

    const auto repeated = send(site, page.post("1/inc", {}, 0xab000001));
    CHECK(repeated.body.starts_with("<hx-partial hx-target=\"#stube-view\""));
    CHECK(repeated.header("stube-revision") == "2");
    CHECK(repeated.header("stube-base").empty());

    const auto failed = send(site, page.post("1/fail", {}, 0xab000002));
    CHECK(failed.body.starts_with("<hx-partial hx-target=\"#stube-notice\""));
    CHECK(failed.header("stube-failed") == "yes");
    CHECK(failed.header("stube-base").empty());
    CHECK_FALSE(own.receives_within(200ms));
}

TEST_CASE("a message with notices alone has no revision") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);
    send(site, page.post("1/fail"));
    CHECK(message(stream).starts_with("data: <hx-partial hx-target=\"#stube-notice\""));
}

TEST_CASE("a stream with an invalid name of its page is one without a name") {
    served site;
    const auto page = open_page(site.port());
    for (const char* name : {"", "ab", "00000000AB", "00000000ab0", "0000000000", "00000000xy"}) {
        client stream(site.port());
        attach(stream, page, "Stube-Page: " + std::string(name) + "\r\n");
        CHECK(send(site, page.post("1/inc")).status == 204);
        CHECK(message(stream).starts_with("id: "));
    }
}

TEST_CASE("the response to an event is 204 if its patch goes to a stream without a name") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);

    CHECK(send(site, page.post("1/inc")).status == 204);
    CHECK(message(stream).starts_with("id: 2\ndata: <hx-morph of=\"i1\"><div id=\"i1\"><output>n=1")
    );
    CHECK(send(site, page.post("1/inc")).status == 204);
    CHECK(message(stream).starts_with("id: 3\n"));
}

TEST_CASE("a page without a stream gets the patch in the response though another has a stream") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);

    const auto got = send(site, without_stream(page.post("1/inc"), 1));
    CHECK(got.status == 200);
    CHECK(got.body.starts_with("<hx-morph of=\"i1\"><div id=\"i1\"><output>n=1"));
    CHECK(message(stream).starts_with("id: 2\ndata: <hx-morph of=\"i1\">"));
}

TEST_CASE("a page without a stream that has missed a change gets the whole view") {
    served site;
    const auto page = open_page(site.port());
    send(site, page.post("1/inc"));

    const auto behind = send(site, without_stream(page.post("1/inc"), 1));
    CHECK(behind.header("stube-revision") == "3");
    CHECK(behind.body.starts_with("<hx-partial hx-target=\"#stube-view\" hx-swap=\"innerMorph\">"));
    CHECK(behind.contains("<output>n=2"));
    const auto level = send(site, without_stream(page.post("1/inc"), 3));
    CHECK(level.body.starts_with("<hx-morph of=\"i1\">"));
}

TEST_CASE("a request for news gets the whole view if the page has missed a change") {
    served site;
    const auto page = open_page(site.port());
    const auto ask = [&](int seen, const opened& by) {
        const auto address = "/stube/news/" + page.conversation;
        return send(site, without_stream(get(address, owned(by)), seen));
    };
    CHECK(ask(1, page).status == 204);
    send(site, page.post("1/inc"));
    const auto got = ask(1, page);
    CHECK(got.status == 200);
    CHECK(got.header("stube-revision") == "2");
    CHECK(got.header("cache-control") == "no-store");
    CHECK(got.body.starts_with("<hx-partial hx-target=\"#stube-view\" hx-swap=\"innerMorph\">"));
    CHECK(ask(2, page).status == 204);
    CHECK(ask(2, open_page(site.port())).status == 403);
    send(site, page.post("1/finish"));
    CHECK(ask(2, page).contains("<p>Final words"));
}

TEST_CASE("each page of a conversation receives a change") {
    server_options options;
    options.threads = 3;
    served site(options);
    const auto page = open_page(site.port());
    std::vector<std::unique_ptr<client>> streams;
    for (int at = 0; at < 5; ++at) {
        streams.push_back(std::make_unique<client>(site.port()));
        attach(*streams.back(), page);
    }
    CHECK(send(site, page.post("1/inc")).status == 204);
    for (auto& each : streams)
        CHECK(message(*each).starts_with("id: 2\n"));
}

TEST_CASE("a reconnected stream gets the view if the page has missed a change") {
    served site;
    const auto page = open_page(site.port());
    send(site, page.post("1/inc"));
    const std::string view = "data: <hx-partial hx-target=\"#stube-view\" "
                             "hx-swap=\"innerMorph\"><div id=\"i1\"><output>n=1";

    for (const auto* seen :
         {"", "Last-Event-ID: 1\r\n", "Last-Event-ID: 99\r\n", "Last-Event-ID: what\r\n"}) {
        CAPTURE(std::string(seen));
        client stream(site.port());
        attach(stream, page, seen);
        CHECK(message(stream).starts_with("id: 2\n" + view));
    }
    client current(site.port());
    attach(current, page, "Last-Event-ID: 2\r\n");
    CHECK_FALSE(current.receives_within(200ms));
    client no_revision(site.port());
    no_revision.send(get("/stube/stream/" + page.conversation, owned(page)));
    no_revision.read_until("stube-beat\n\n\r\n");
    CHECK(message(no_revision).find(view) != std::string::npos);
}

TEST_CASE("a page that has seen a later revision than stored gets a message about the loss") {
    auto where = std::make_shared<disk>();
    opened page;
    record earlier;
    {
        served before({}, store_on(where));
        page = open_page(before.port());
        earlier = where->records.at(page.conversation);
        send(before, page.post("1/inc"));
        send(before, page.post("1/inc"));
    }
    where->records[page.conversation] = earlier;  // an old copy was put in its place

    served site({}, store_on(where));
    client stream(site.port());
    attach(stream, page, "Last-Event-ID: 3\r\n");
    const auto told = message(stream);
    CHECK(told.starts_with("id: 1\n"));
    CHECK(told.find("<output>n=0") != told.npos);
    CHECK(told.find("#stube-notice") != told.npos);
    CHECK(told.find("The server has lost the last changes here.") != told.npos);
    const auto numbers = send(site, "GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(numbers.contains("stube_rolled_back_total 1\n"));
}

TEST_CASE("the final view goes to the stream and closes it") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);
    CHECK(send(site, page.post("1/finish")).status == 204);

    const auto rest = stream.read_to_end();
    CHECK(
        rest.find("id: 2\ndata: <hx-partial hx-target=\"#stube-view\" "
                  "hx-swap=\"innerMorph\"><p>Final words\ndata: in two lines</p>") != rest.npos
    );
    CHECK(rest.ends_with("event: stube-end\ndata: \n\n\r\n0\r\n\r\n"));
}

TEST_CASE("a page that disconnects while its stream ends does not disturb other requests") {
    server_options options;
    options.threads = 1;
    served site(options);
    const auto page = open_page(site.port());
    const auto other = open_page(site.port());
    client stream(site.port());
    attach(stream, page);
    client events(site.port());
    events.send(
        page.post("1/finish") + other.post("1/slow")
    );  // the thread is busy with the second event

    CHECK(stream.read_until("0\r\n\r\n").find("stube-end") != std::string::npos);
    stream.reset();

    CHECK(events.read().status == 204);
    CHECK(events.read().status == 200);
    CHECK(send(site, other.post("1/inc")).status == 200);
}

TEST_CASE("a page that has not seen the end gets it when its stream reconnects") {
    served site;
    const auto page = open_page(site.port());
    send(site, page.post("1/finish"));

    client stream(site.port());
    attach(stream, page);
    const auto rest = stream.read_to_end();
    CHECK(
        rest.find("id: 2\ndata: <hx-partial hx-target=\"#stube-view\" "
                  "hx-swap=\"innerMorph\"><p>Final words\ndata: in two lines</p>") != rest.npos
    );
    CHECK(rest.ends_with("event: stube-end\ndata: \n\n\r\n0\r\n\r\n"));
}

TEST_CASE("a page that has seen the end does not get it again when its stream reconnects") {
    served site;
    const auto page = open_page(site.port());
    send(site, page.post("1/finish"));

    client stream(site.port());
    attach(stream, page, "Last-Event-ID: 2\r\n");
    const auto rest = stream.read_to_end();
    CHECK(rest.find("<hx-") == rest.npos);
    CHECK(rest.find("event: stube-end\n") != rest.npos);
}

TEST_CASE("the final view goes only to streams of its owner") {
    served site;
    const auto page = open_page(site.port());
    auto other = page;
    other.cookie = open_page(site.port()).cookie;
    send(site, page.post("1/finish"));

    client stream(site.port());
    attach(stream, other);
    const auto rest = stream.read_to_end();
    CHECK(rest.find("Final words") == rest.npos);
    CHECK(rest.find("<h1>This has ended</h1>") != rest.npos);
    CHECK(rest.find("id:") == rest.npos);
}

TEST_CASE("a refused stream contains the reason and ends") {
    served site;
    const auto page = open_page(site.port());
    auto foreign = page;
    foreign.cookie = open_page(site.port()).cookie;
    auto gone = page;
    gone.conversation = "nothing";

    for (const auto* each : {&foreign, &gone}) {
        client stream(site.port());
        attach(stream, *each);
        const auto rest = stream.read_to_end();
        CHECK(
            rest.find("data: <hx-partial hx-target=\"#stube-view\" hx-swap=\"innerMorph\"><section"
            ) != rest.npos
        );
        CHECK(rest.find("<a href=\"?\">Start again</a>") != rest.npos);
        CHECK(rest.ends_with("event: stube-end\ndata: \n\n\r\n0\r\n\r\n"));
        CHECK(rest.find("id:") == rest.npos);
    }
}

TEST_CASE("the oldest stream of a conversation is displaced by one beyond the limit") {
    server_options options;
    options.conversations.max_streams = 2;
    served site(options);
    const auto page = open_page(site.port());
    client first(site.port());
    client second(site.port());
    client third(site.port());
    for (auto* each : {&first, &second, &third})
        attach(*each, page);

    CHECK(first.read_to_end().ends_with("event: stube-displaced\n\n\r\n0\r\n\r\n"));
    CHECK(send(site, page.post("1/inc")).status == 204);
    CHECK(message(second).starts_with("id: 2\n"));
    CHECK(message(third).starts_with("id: 2\n"));
}

TEST_CASE("a handler that throws leaves the stream open") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);

    CHECK(send(site, page.post("1/fail")).status == 204);
    const auto told = message(stream);
    CHECK(told.find("hx-target=\"#stube-notice\"") != told.npos);
    CHECK(told.find("Error ") != told.npos);
    CHECK(send(site, page.post("1/inc")).status == 204);
    CHECK(message(stream).starts_with("id: 2\n"));
}

TEST_CASE("a silent stream sends heartbeats") {
    server_options options;
    options.limits.heartbeat = 1s;
    served site(options);
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);
    CHECK(message(stream) == "event: stube-beat\n\n\r\n");
    CHECK(message(stream) == "event: stube-beat\n\n\r\n");
}

TEST_CASE("a page whose connection has closed no longer counts as a stream") {
    served site;
    const auto page = open_page(site.port());
    {
        client stream(site.port());
        attach(stream, page);
        CHECK(send(site, page.post("1/inc")).status == 204);
    }
    int status = 204;
    for (int tries = 0; tries < 100 && status == 204; ++tries) {
        std::this_thread::sleep_for(20ms);
        status = send(site, page.post("1/inc")).status;
    }
    CHECK(status == 200);
}

TEST_CASE("a page that does not read its stream is dropped before it fills the memory") {
    server_options options;
    options.limits.max_stream_queue = 10'000;
    served site(options);
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);
    client events(site.port());
    int status = 204;
    for (int sent = 0; sent < 100'000 && status == 204; ++sent)
        status = events.ask(page.post("1/inc")).status;
    CHECK(status == 200);
}

namespace {

constexpr std::size_t large = 12'000'000;  // more than the system buffers for the server
constexpr int small_window = 64 << 10;

/// Opens a page with a view of that size.
opened large_page(std::uint16_t port) {
    const auto page = open_page(port);
    client(port).ask(page.post("1/inc", "i1-step=" + std::string(large, 'x')));
    return page;
}

server_options impatient() {
    server_options options;
    options.limits.max_body = 2 * large;
    options.limits.write_timeout = 1s;
    return options;
}

/// A number from the server's metrics.
std::size_t metric(std::uint16_t port, const std::string& name) {
    const auto numbers = client(port).ask(get("/metrics")).body;
    const auto line = "\n" + name + " ";
    return std::stoull(numbers.substr(numbers.find(line) + line.size()));
}

/// Waits until the metric is at most `limit`. False if that takes too long.
bool comes_below(std::uint16_t port, const std::string& name, std::size_t limit) {
    for (int tries = 0; tries < 1000; ++tries) {
        if (metric(port, name) <= limit) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

}  // namespace

TEST_CASE("a page that reads its stream slowly is not dropped") {
    served site(impatient());
    const auto page = large_page(site.port());
    client stream(site.port(), small_window);
    stream.send(page.stream());

    std::size_t got = 0;
    while (got < large) {
        const auto part = stream.read_some();
        if (part.empty()) break;
        if (got / 1'000'000 != (got + part.size()) / 1'000'000) std::this_thread::sleep_for(350ms);
        got += part.size();
    }
    CHECK(got >= large);
}

TEST_CASE("a page that does not read its stream at all is dropped after the write timeout") {
    served site(impatient());
    const auto page = large_page(site.port());
    client stream(site.port(), small_window);
    stream.send(page.stream());
    stream.read_head();
    std::this_thread::sleep_for(4s);

    std::size_t got = 0;
    for (auto part = stream.read_some(); !part.empty(); part = stream.read_some())
        got += part.size();
    CHECK(got < large);
    CHECK(comes_below(site.port(), "stube_unsent_bytes", 0));
}

TEST_CASE("the connection with the most unread bytes is closed before they fill the memory") {
    app site;
    site.mount<note>("/note");
    site.asset("/large", "text/plain", std::string(large, 'x'));
    server_options options;
    options.port = 0;
    options.hosts = {"a.test"};
    options.conversations.logger = quiet();
    options.limits.max_unsent = large;
    server running(site, options);
    running.start_threads();
    const auto port = running.port();
    std::vector<std::unique_ptr<client>> greedy;
    while (greedy.size() < 4) {
        greedy.push_back(std::make_unique<client>(port, small_window));
        greedy.back()->send(get("/large"));
        greedy.back()->read_head();
    }

    CHECK(comes_below(port, "stube_unsent_bytes", large));
    CHECK(comes_below(port, "stube_connections", greedy.size()));  // with the metric's own
    CHECK(metric(port, "stube_unsent_bytes") > 0);                 // the rest is not closed
    CHECK(open_page(port, "/note").page.status == 200);
    greedy.clear();
    CHECK(comes_below(port, "stube_unsent_bytes", 0));
}

TEST_CASE("a view larger than the limit of the queue reaches the page") {
    server_options options;
    options.limits.max_stream_queue = 100;
    served site(options);
    const auto page = open_page(site.port());
    send(site, page.post("1/inc"));
    client stream(site.port());
    attach(stream, page, "Last-Event-ID: 1\r\n");

    const auto view = message(stream);
    CHECK(view.starts_with("id: 2\n"));
    CHECK(view.size() > 500);
    CHECK(send(site, page.post("1/inc")).status == 204);
    CHECK(message(stream).starts_with("id: 3\n"));
}

TEST_CASE("a last message larger than the limit of the queue reaches the page") {
    server_options options;
    options.limits.max_stream_queue = 10;
    served site(options);
    auto page = open_page(site.port());
    page.conversation = "nothing";
    client stream(site.port());
    attach(stream, page);

    CHECK(stream.read_to_end().ends_with("event: stube-end\ndata: \n\n\r\n0\r\n\r\n"));
}

TEST_CASE("an HTTP 1.0 client gets a stream without chunks") {
    served site;
    const auto page = open_page(site.port());
    client stream(site.port());
    stream.send("GET /stube/stream/" + page.conversation + " HTTP/1.0\r\n" + owned(page) + "\r\n");
    const auto head = stream.read_head();
    CHECK(head.header("transfer-encoding").empty());
    CHECK(head.header("connection") == "close");
    CHECK(stream.read_until("\n\n") == "event: stube-beat\n\n");
    CHECK(stream.read_until("\n\n").starts_with("id: 1\ndata: "));
    send(site, page.post("1/finish"));
    CHECK(stream.read_to_end().ends_with("event: stube-end\ndata: \n\n"));
}

TEST_CASE("patches from several threads keep their order") {
    server_options options;
    options.threads = 4;
    served site(options);
    const auto page = open_page(site.port());
    client stream(site.port());
    attach(stream, page);
    constexpr int senders = 4;
    constexpr int each_sends = 100;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int at = 0; at < senders; ++at) {
        threads.emplace_back([&] {
            client events(site.port());
            for (int sent = 0; sent < each_sends; ++sent)
                refused += events.ask(page.post("1/inc")).status != 204;
        });
    }
    int in_order = 0;
    for (int at = 1; at <= senders * each_sends; ++at) {
        in_order += message(stream).starts_with("id: " + std::to_string(at + 1) + "\n");
    }
    for (auto& each : threads)
        each.join();
    CHECK(refused == 0);
    CHECK(in_order == senders * each_sends);
}
