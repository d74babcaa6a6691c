#include "wire.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace bench;

TEST_CASE("a chunked event stream is read the same wherever it is cut") {
    constexpr std::string_view text = "15\r\n: beat\n\nid: 1\ndata: >\r\n"
                                      "0017;note=x\r\n7<\n\ndata: a\r\ndata:b\r\n\r\n\r\n"
                                      "0\r\nAfter: all\r\n\r\nnext";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        CAPTURE(step);
        chunk_reader chunks;
        sse_reader messages;
        std::vector<std::string> got;
        std::string rest;

        for (std::size_t at = 0; at < text.size(); at += step) {
            std::string body;
            rest += chunks.feed(text.substr(at, step), body);
            messages.feed(body, [&](std::string_view data) { got.emplace_back(data); });
        }

        CHECK(chunks.done());
        CHECK(rest == "next");
        CHECK(got == std::vector<std::string>{">7<\n", "a\nb\n"});
    }
}

TEST_CASE("a chunk without a size or of a wrong size is refused") {
    for (const std::string_view text : {"\r\nabc", "x\r\n", "fffffffffffffffff\r\n", "1\r\nab"}) {
        CAPTURE(text);
        chunk_reader chunks;
        std::string body;

        CHECK_THROWS_AS(chunks.feed(text, body), std::runtime_error);
    }
}

TEST_CASE("read_head finds the status and the sizes of a response") {
    const auto head = read_head("HTTP/1.1 200 OK\r\nCONTENT-length: 12\r\nX:y\r\n\r\nbody");

    CHECK(head.status == 200);
    CHECK(head.content_length == 12);
    CHECK_FALSE(head.chunked);
    CHECK(head.size == 44);
    CHECK(read_head("HTTP/1.1 204 No Content\r\nContent-Le").size == 0);
    CHECK(read_head("HTTP").size == 0);
    CHECK(read_head("HTTP/1.1 204 No Content\r\n\r\n").status == 204);
    CHECK_THROWS_AS(read_head("SSH-2.0\r\n"), std::runtime_error);
}

TEST_CASE("read_page finds the stream and the button and the session of a page") {
    constexpr std::string_view head =
        "HTTP/1.1 200 OK\r\nset-cookie: stube_session=abc; Path=/\r\n";
    constexpr std::string_view body = "<div data-stream=\"/stube/stream/c1?rev=0&amp;x=1\">"
                                      "<button formaction=\"/stube/event/c1/i1/dec\">-</button>"
                                      "<button formaction=\"/stube/event/c1/i1/inc\">+</button>";
    const auto read = read_page(head, body);

    CHECK(read.stream == "/stube/stream/c1?rev=0&x=1");
    CHECK(read.event == "/stube/event/c1/i1/inc");
    CHECK(read.cookie == "stube_session=abc");
    CHECK_THROWS_AS(read_page("HTTP/1.1 200 OK\r\n", body), std::runtime_error);
    CHECK_THROWS_AS(read_page(head, "<p>sorry</p>"), std::runtime_error);
}
