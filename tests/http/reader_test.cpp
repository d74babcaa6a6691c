#include "http/transport/request_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

using stube::http::method;
using stube::http::request_reader;

namespace {

using progress = request_reader::progress;

void put(request_reader& to, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto space = to.space();
        const auto size = std::min(space.size(), bytes.size());
        std::copy_n(bytes.begin(), size, space.begin());
        to.commit(size);
        bytes.remove_prefix(size);
    }
}

constexpr std::string_view event = "POST /stube/event/abc/7/add%41?q=1&c=x%20y HTTP/1.1\r\nHost: "
                                   "a:80\r\nCookie: a=b; stube_session=s; c=\r\n"
                                   "CONTENT-TYPE: text/x\r\nStube-Event-Id: "
                                   "00ff\r\nSec-Fetch-Site: none\r\nOrigin: http://a:80\r\n"
                                   "X-More: \t some thing \r\nContent-Length: 5\r\n\r\na=b&c";

void check_event(stube::http::request& got) {
    CHECK(got.method == method::post);
    CHECK(got.path == "/stube/event/abc/7/addA");
    CHECK(got.query == "q=1&c=x%20y");
    CHECK(got.raw_query("c") == "x%20y");
    CHECK_FALSE(got.raw_query("d"));
    CHECK(got.host == "a:80");
    CHECK(got.cookie("stube_session") == "s");
    CHECK(got.cookie("c").empty());
    CHECK(got.cookie("session").empty());
    CHECK(got.content_type == "text/x");
    CHECK(got.event_id == "00ff");
    CHECK(got.fetch_site == "none");
    CHECK(got.origin == "http://a:80");
    CHECK(got.header("x-more") == "some thing");
    CHECK(got.body == "a=b&c");
    CHECK(got.keep_alive);
}

}  // namespace

TEST_CASE("a request is read the same wherever the network cuts it") {
    for (std::size_t cut = 0; cut <= event.size(); ++cut) {
        CAPTURE(cut);
        request_reader reader(1024, 1024);
        put(reader, event.substr(0, cut));
        if (cut > 0 && cut < event.size()) CHECK(reader.next() == progress::more);
        put(reader, event.substr(cut));

        REQUIRE(reader.next() == progress::ready);
        check_event(reader.request());
        reader.finish();
        CHECK(reader.empty());
    }
}

TEST_CASE("empty lines before a request are skipped byte by byte") {
    request_reader reader(1024, 1024);
    const auto bytes = "\r\n\r\n" + std::string(event);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        REQUIRE(reader.next() == progress::more);
        put(reader, bytes.substr(at, 1));
    }
    REQUIRE(reader.next() == progress::ready);
    check_event(reader.request());
}

TEST_CASE("a chunked body is read the same wherever the network cuts it") {
    const std::string request = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "3;ext=\"x\"\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t cut = 1; cut < request.size(); ++cut) {
        CAPTURE(cut);
        request_reader reader(1024, 1024);
        put(reader, std::string_view(request).substr(0, cut));
        REQUIRE(reader.next() == progress::more);
        put(reader, std::string_view(request).substr(cut));

        REQUIRE(reader.next() == progress::ready);
        CHECK(reader.request().body == "abc0123456789");
    }
}

TEST_CASE("a chunked body that arrives byte by byte is read") {
    const std::string head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string body :
         {"0\r\n\r\n",
          "0\r\nTrailer: x\r\n\r\n",
          "0;a=b\r\n\r\n",
          "1\r\na\r\n0\r\n\r\n",
          "000\r\n\r\n"}) {
        CAPTURE(body);
        for (std::size_t at_once = 0; at_once < body.size(); ++at_once) {
            CAPTURE(at_once);
            request_reader reader(1024, 1024);
            put(reader, head + body.substr(0, at_once));
            for (auto rest = body.substr(at_once); !rest.empty(); rest.erase(0, 1)) {
                REQUIRE(reader.next() == progress::more);
                put(reader, rest.substr(0, 1));
            }
            CHECK(reader.next() == progress::ready);
        }
    }
}

TEST_CASE("requests that arrive together are read one by one") {
    request_reader reader(1024, 1024);
    put(reader,
        std::string(event) + "GET /b HTTP/1.1\r\nHost: b\r\n\r\n" + std::string(event) + "GET");

    REQUIRE(reader.next() == progress::ready);
    check_event(reader.request());
    reader.finish();
    REQUIRE(reader.next() == progress::ready);
    CHECK(reader.request().path == "/b");
    CHECK(reader.request().body.empty());
    CHECK(reader.request().event_id.empty());
    reader.finish();
    REQUIRE(reader.next() == progress::ready);
    check_event(reader.request());
    reader.finish();
    CHECK(reader.next() == progress::more);
    CHECK_FALSE(reader.empty());
}

TEST_CASE("a reader that is reset keeps nothing of the earlier request") {
    request_reader reader(1024, 100);
    put(reader, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    REQUIRE(reader.next() == progress::bad);
    CHECK(reader.status() == 413);
    CHECK(reader.next() == progress::bad);

    reader.reset();
    put(reader, event);
    REQUIRE(reader.next() == progress::ready);
    check_event(reader.request());
}

TEST_CASE("large bodies and heads are read whole") {
    const std::string body(60'000, 'b');
    const std::string head = "POST /x HTTP/1.1\r\nHost: a\r\nX: " + std::string(15'000, 'x') +
                             "\r\nContent-Length: 60000\r\n\r\n";
    for (const std::size_t piece : std::array<std::size_t, 3>{1000, 4096, 75'100}) {
        CAPTURE(piece);
        request_reader reader(16 * 1024, 64 * 1024);
        const auto all = head + body;
        auto last = progress::more;
        for (std::string_view rest = all; !rest.empty() && last == progress::more;) {
            const auto space = reader.space();
            const auto size = std::min({space.size(), rest.size(), piece});
            std::copy_n(rest.begin(), size, space.begin());
            reader.commit(size);
            rest.remove_prefix(size);
            last = reader.next();
        }

        REQUIRE(last == progress::ready);
        CHECK(reader.request().body == body);
        CHECK(reader.request().header("x").size() == 15'000);
    }
}

TEST_CASE("randomly changed requests are read or refused") {
    const std::string chunked = "POST /a%20b?c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n";
    const std::string empty_chunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                      "chunked\r\n\r\n0\r\nA: b\r\n\r\n";
    constexpr std::string_view alphabet = "\r\n :;,%/?0159afGPTH\x00\x7f\xc3\xff\t\"";
    std::mt19937 random(4711);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    for (int round = 0; round < 20'000; ++round) {
        CAPTURE(round);
        auto bytes = std::string(event) + chunked + empty_chunked + std::string(event);
        const std::size_t most = below(2) == 0 ? 3 : 300;
        for (auto changes = below(6); changes-- > 0;) {
            bytes[below(bytes.size())] = alphabet[below(alphabet.size())];
            if (below(4) == 0) bytes.erase(below(bytes.size()), below(20));
            if (below(4) == 0)
                bytes.insert(below(bytes.size()), bytes.substr(below(bytes.size()), below(30)));
        }
        request_reader reader(400, 50);
        for (std::string_view rest = bytes; !rest.empty() && reader.status() == 0;) {
            const auto size = std::min<std::size_t>(below(most) + 1, rest.size());
            put(reader, rest.substr(0, size));
            rest.remove_prefix(size);
            while (reader.next() == progress::ready) {
                const auto& got = reader.request();
                CHECK((got.path.starts_with('/') || got.method == method::other));
                CHECK(got.body.size() <= 50);
                reader.finish();
            }
        }
    }
}
