#include "http/fixture.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace testing;

namespace {

struct bad_request {
    const char* what;
    std::string bytes;
    int status;
};

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t at = 0; at < times; ++at)
        out += text;
    return out;
}

const std::string post_head = "POST /stube/event/x/1/y HTTP/1.1\r\nHost: a\r\n";

std::vector<bad_request> bad_requests() {
    using namespace std::string_literals;
    return {
        {"noise", "\x16\x03\x01\x02\x00\x01"s, 400},
        {"lines without carriage returns", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"no version", "GET /\r\n\r\n", 400},
        {"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a space in the path", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a NUL in the path", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
        {"an encoded NUL in the path", get("/a%00b"), 400},
        {"half an escape in the path", get("/a%2"), 400},
        {"a wrong escape in the path", get("/a%zz"), 400},
        {"no UTF-8 in the path", get("/a%ff"), 400},
        {"an overlong slash in the path", get("/%c0%af"), 400},
        {"a path that does not begin with a slash", get("a"), 400},
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"a header without a name", "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n", 400},
        {"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        {"a header folded after an empty line",
         post_head + "Content-Length:\r\n 5\r\n\r\nabcde",
         400},
        {"a header folded by a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", 400},
        {"a blank line before the headers", "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n", 400},
        {"a carriage return alone in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400
        },
        {"a newline alone in a header", post_head + "X: a\nContent-Length: 5\r\n\r\nabcde", 400},
        {"a newline alone behind a header", "GET / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n", 400},
        {"a carriage return alone in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"two carriage returns", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400},
        {"a tab before the colon", "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", 400},
        {"two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"a host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
        {"a host of two words", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"a user in the target", "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n", 400},
        {"a NUL in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, 400},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
        {"length and encoding",
         post_head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"encoding and length",
         post_head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
         400},
        {"two lengths", post_head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"the same length twice",
         post_head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
         400},
        {"a list of lengths", post_head + "Content-Length: 3, 3\r\n\r\nabc", 400},
        {"a negative length", post_head + "Content-Length: -1\r\n\r\n", 400},
        {"a length with a sign", post_head + "Content-Length: +1\r\n\r\na", 400},
        {"a length in hex", post_head + "Content-Length: 0x1\r\n\r\na", 400},
        {"a huge length", post_head + "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {"a length of 2^64 - 1", post_head + "Content-Length: 18446744073709551615\r\n\r\n", 413},
        {"another encoding", post_head + "Transfer-Encoding: gzip\r\n\r\n", 501},
        {"two encodings", post_head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"an odd encoding", post_head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        {"two encoding headers",
         post_head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         400},
        {"encoding in HTTP/1.0",
         "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"a chunk without a size", post_head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"a chunk of 2^64",
         post_head + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
         400},
        {"a chunk that is too long",
         post_head + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
         400},
        {"a chunk size with a newline alone",
         post_head + "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
         400},
        {"a chunk size behind a blank",
         post_head + "Transfer-Encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n",
         400},
        {"a chunk size in hex notation",
         post_head + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
         400},
        {"a chunk that ends with a newline alone",
         post_head + "Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
         400},
        {"a trailer that is no header",
         post_head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX : a\r\n\r\n",
         400},
        {"a trailer with a newline alone",
         post_head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\nb\r\n\r\n",
         400},
        {"an expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
        {"too many headers",
         "GET / HTTP/1.1\r\nHost: a\r\n" + repeated("A: b\r\n", 101) + "\r\n",
         431},
        {"an endless header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x'), 431},
        {"an endless path", "GET /" + std::string(20'000, 'x'), 431},
    };
}

}  // namespace

TEST_CASE("a malformed request is refused and the connection is closed") {
    served site;
    for (const auto& each : bad_requests()) {
        CAPTURE(std::string(each.what));
        client c(site.port());
        c.send(each.bytes);

        const auto got = c.read();

        CHECK(got.status == each.status);
        CHECK(got.header("connection") == "close");
        CHECK_FALSE(got.body.empty());
        CHECK(c.is_closed_within(5s));
    }
    CHECK(open_page(site.port()).page.status == 200);
}

TEST_CASE("a head of exactly the limit is accepted and one byte more is refused") {
    server_options options;
    options.limits.max_head = 1000;
    served site(options);
    const auto head_of = [](std::size_t size) {
        const auto bare = get("/healthz", "X: \r\n");
        return get("/healthz", "X: " + std::string(size - bare.size(), 'x') + "\r\n");
    };

    CHECK(head_of(1000).size() == 1000);
    CHECK(client(site.port()).ask(head_of(1000)).status == 200);
    CHECK(client(site.port()).ask(head_of(1001)).status == 431);
}

TEST_CASE("a body of exactly the limit is accepted and one byte more is refused") {
    server_options options;
    options.limits.max_body = 5000;
    served site(options);
    const auto page = open_page(site.port());
    const auto body_of = [](std::size_t size) { return "x=" + std::string(size - 2, 'x'); };
    const auto chunked = [&](std::size_t size) {
        auto request = page.post("1/inc", "");
        request.replace(request.find("Content-Length: 0"), 17, "Transfer-Encoding: chunked");
        char length[32];
        std::snprintf(length, sizeof length, "%zx\r\n", size);
        return request + length + body_of(size) + "\r\n0\r\n\r\n";
    };

    CHECK(client(site.port()).ask(page.post("1/inc", body_of(5000))).status == 200);
    CHECK(client(site.port()).ask(chunked(5000)).status == 200);
    const auto refused = client(site.port()).ask(page.post("1/inc", body_of(5001)));
    CHECK(refused.status == 413);
    CHECK(refused.contains("<hx-partial hx-target=\"#stube-notice\""));
    CHECK(client(site.port()).ask(chunked(5001)).status == 413);
}

TEST_CASE("a head that comes too slowly is refused") {
    server_options options;
    options.limits.head_timeout = 200ms;
    served site(options);
    client slow(site.port());
    client silent(site.port());
    slow.send("GET / HT");

    CHECK(slow.read().status == 408);
    CHECK(slow.is_closed_within(5s));
    CHECK(silent.is_closed_within(5s));
}

TEST_CASE("a body that comes too slowly is refused") {
    server_options options;
    options.limits.body_timeout = 200ms;
    served site(options);
    client slow(site.port());
    slow.send(post_head + "Content-Length: 10\r\n\r\nabc");

    CHECK(slow.read().status == 408);
}

TEST_CASE("an idle connection is closed") {
    server_options options;
    options.limits.idle_timeout = 200ms;
    served site(options);
    client c(site.port());

    CHECK(c.ask(get("/healthz")).status == 200);
    CHECK(c.is_closed_within(5s));
}

TEST_CASE("pipelined requests are answered in order") {
    served site;
    const auto page = open_page(site.port());
    client c(site.port());
    c.send(
        get("/healthz") + page.post("1/inc") + get("/nowhere") + page.post("1/slow") +
        get("/readyz") + get("/healthz", "Connection: close\r\n") + get("/never")
    );

    CHECK(c.read().contains("ok"));
    CHECK(c.read().contains("n=1"));
    CHECK(c.read().status == 404);
    CHECK(c.read().contains("n=2"));
    CHECK(c.read().contains("ready"));
    const auto last = c.read();
    CHECK(last.contains("ok"));
    CHECK(last.header("connection") == "close");
    CHECK(c.is_closed_within(5s));
}

TEST_CASE("a request that arrives byte by byte is answered") {
    served site;
    const auto page = open_page(site.port());
    client c(site.port());
    for (const char byte : "\r\n" + page.post("1/inc", "i1-step=4&x=y"))
        c.send({&byte, 1});

    CHECK(c.read().contains("n=4"));
}

TEST_CASE("a client that expects 100 gets it before it sends the body") {
    served site;
    const auto page = open_page(site.port());
    auto request = page.post("1/inc", "i1-step=7");
    request.insert(request.find("Cookie"), "Expect: 100-continue\r\n");
    client c(site.port());

    c.send(request.substr(0, request.size() - 9));
    CHECK(c.read().status == 100);
    c.send("i1-step=7");
    CHECK(c.read().contains("n=7"));
}

TEST_CASE("an HTTP 1.0 request is answered and the connection is closed") {
    served site;
    client c(site.port());
    c.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

    const auto got = c.read();
    CHECK(got.status == 200);
    CHECK(got.header("connection") == "close");
    CHECK(c.is_closed_within(5s));
}

TEST_CASE("the host of an absolute target takes precedence over the Host header") {
    server_options options;
    options.hosts = {"a.test"};
    served site(options);
    CHECK(client(site.port()).ask(get("http://b.test/healthz")).status == 421);
    CHECK(client(site.port()).ask(get("http://a.test?c=/healthz")).status == 404);
    CHECK(client(site.port()).ask(get("http://a.test/healthz")).status == 200);
    CHECK(client(site.port()).ask(get("http://a.test")).status == 404);
}

TEST_CASE("a method that an address does not accept is refused") {
    served site;
    const auto with = [&](std::string_view verb, std::string_view path) {
        client c(site.port());
        return c.ask(
            std::string(verb) + " " + std::string(path) +
            " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        );
    };
    for (const auto* path :
         {"/t", "/about", "/app.css", "/healthz", "/metrics", "/stube/stream/x"}) {
        CAPTURE(std::string(path));
        CHECK(with("POST", path).status == 405);
        CHECK(with("DELETE", path).header("allow").starts_with("GET"));
    }
    CHECK(with("PUT", "/stube/event/a/1/b").header("allow") == "POST");
    CHECK(with("OPTIONS", "/t").status == 405);
    CHECK(with("TRACE", "/nowhere").status == 404);
}

namespace {

int status_for(const served& site, const std::string& host) {
    return client(site.port()).ask("GET /about HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
}

}  // namespace

TEST_CASE("a request to a host that is not listed is refused") {
    server_options options;
    options.hosts = {"board.test"};
    served site(options);

    for (const auto* host :
         {"board.test",
          "BOARD.test:8080",
          "board.test.",
          "localhost:1",
          "127.0.0.1:80",
          "192.168.1.7",
          "[::1]:80"}) {
        CAPTURE(std::string(host));
        CHECK(status_for(site, host) == 200);
    }
    for (const auto* host :
         {"evil.test", "board.test.evil.test", "127.0.0.1.evil.test", "1.evil"}) {
        CAPTURE(std::string(host));
        CHECK(status_for(site, host) == 421);
    }
    CHECK(client(site.port()).ask("GET /about HTTP/1.0\r\n\r\n").status == 200);
}

TEST_CASE("an event to a host that is not listed is refused") {
    server_options options;
    options.hosts = {"a.test"};
    served site(options);
    const auto page = open_page(site.port());
    auto event = page.post("1/inc");
    event.replace(event.find("a.test"), 6, "b.test");

    CHECK(client(site.port()).ask(event).status == 421);
    CHECK(client(site.port()).ask(page.post("1/inc")).contains("n=1"));
}

TEST_CASE("a server on the loopback address without a list of hosts accepts only local names") {
    const auto status_with = [](server_options options) {
        options.port = 0;
        options.threads = 1;
        options.conversations.logger = quiet();
        server running(served::make_site(), options);
        running.start_threads();
        return client(running.port()).ask(get("/about")).status;
    };
    server_options local;
    CHECK(status_with(local) == 421);
    server_options behind_proxy;
    behind_proxy.behind_tls = true;
    CHECK(status_with(behind_proxy) == 200);
    server_options on_network;
    on_network.bind = "0.0.0.0";
    CHECK(status_with(on_network) == 200);
    server_options any;
    any.hosts = {"*"};
    CHECK(status_with(any) == 200);
}

TEST_CASE("an entry in the list of hosts that is not a plain name is refused") {
    server_options options;
    options.port = 0;
    options.conversations.logger = quiet();
    for (const auto* bad : {"", "a.test:80", "http://a.test", "a.test/"}) {
        CAPTURE(std::string(bad));
        options.hosts = {bad};
        CHECK_THROWS_AS(server(served::make_site(), options), std::invalid_argument);
    }
}

TEST_CASE("more connections than the limit are closed at once") {
    server_options options;
    options.limits.max_connections = 2;
    options.threads = 1;
    served site(options);
    client first(site.port());
    client second(site.port());
    CHECK(first.ask(get("/healthz")).status == 200);
    CHECK(second.ask(get("/healthz")).status == 200);

    client third(site.port());
    CHECK(third.is_closed_within(5s));
    CHECK(first.ask(get("/healthz")).status == 200);
}
