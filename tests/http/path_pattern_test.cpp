#include "http/fixture.hpp"
#include "http/protocol/path_pattern.hpp"

#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace testing;
using stube::http::path_pattern;

namespace {

bool conflict(const char* a, const char* b) {
    return path_pattern(a).conflicts_with(path_pattern(b));
}

chapter chapter_from(const request_info& from) {
    const auto page = from.parameter("page").value();
    if (page.find_first_not_of("0123456789") != std::string::npos)
        throw std::invalid_argument("no page");
    return {.page = std::stoi(page)};
}

app make_library() {
    app site;
    site.mount<chapter>("/books/{book}/{page}", chapter_from);
    site.mount<chapter>("/books/atlas/{page}", [](const request_info& from) {
        return chapter{.page = 1000 + chapter_from(from).page};
    });
    site.mount<tally>("/books/atlas/7");
    return site;
}

struct library {
    app site = make_library();
    server running{site, on_any_port()};

    library() { running.start_threads(); }

    response ask(const std::string& path, const std::string& cookie = {}) const {
        const auto headers = cookie.empty() ? std::string() : "Cookie: " + cookie + "\r\n";
        return client(running.port()).ask(get(path, headers));
    }
};

}  // namespace

TEST_CASE("a parameter of a path matches one segment that is not empty") {
    const path_pattern lines("/claims/{id}/lines");
    CHECK(lines.matches("/claims/4711/lines"));
    CHECK(lines.value("id", "/claims/4711/lines") == "4711");
    CHECK_FALSE(lines.value("line", "/claims/4711/lines"));
    CHECK_FALSE(lines.matches("/claims//lines"));
    CHECK_FALSE(lines.matches("/claims/4711"));
    CHECK_FALSE(lines.matches("/claims/4711/lines/"));
    CHECK_FALSE(lines.matches("/claims/47/11/lines"));
    CHECK_FALSE(path_pattern("/{page}").matches("/"));
}

TEST_CASE("a path without parameters matches itself only") {
    CHECK(path_pattern("/").matches("/"));
    CHECK(path_pattern("/claims").matches("/claims"));
    CHECK_FALSE(path_pattern("/claims").matches("/claims/"));
    CHECK_FALSE(path_pattern("/claims").has_parameters());
}

TEST_CASE("a path with something else than whole parameters is refused") {
    for (const auto* wrong :
         {"claims",
          "/claims?x",
          "/{id}.html",
          "/a{id}",
          "/{}",
          "/{id",
          "/id}",
          "/{a b}",
          "/{{a}}",
          "/{id}/{id}"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(path_pattern{wrong}, std::invalid_argument);
    }
}

TEST_CASE("two paths conflict if neither is narrower where both match") {
    CHECK(conflict("/claims/{id}", "/claims/{number}"));
    CHECK(conflict("/{list}/new", "/claims/{id}"));
    CHECK_FALSE(conflict("/claims/{id}", "/claims/new"));
    CHECK_FALSE(conflict("/claims/{id}", "/{list}/{id}"));
    CHECK_FALSE(conflict("/claims/{id}", "/orders/{id}"));
    CHECK_FALSE(conflict("/claims/{id}", "/claims/{id}/lines"));
    CHECK_FALSE(conflict("/claims/{id}", "/claims/"));
}

TEST_CASE("a mount reads the parameters of its path") {
    const library l;
    CHECK(l.ask("/books/emma/12").contains("page 12"));
    CHECK(l.ask("/books/emma/twelve").status == 400);
    CHECK(l.ask("/books/emma").status == 404);
    CHECK(l.ask("/books/emma/12/").status == 404);
}

TEST_CASE("the value of a parameter is decoded") {
    app site;
    site.mount<question>("/ask/{text}", [](const request_info& from) {
        return question{.text = from.parameter("text").value()};
    });
    server running(site, on_any_port());
    running.start_threads();
    CHECK(client(running.port()).ask(get("/ask/a%20%26%20b")).contains("<p>a &amp; b</p>"));
}

TEST_CASE("of several paths that match an address the narrowest one is used") {
    const library l;
    CHECK(l.ask("/books/atlas/3").contains("page 1003"));
    CHECK(l.ask("/books/atlas/7").contains("n=0"));
}

TEST_CASE("a conversation belongs to the address at which it began") {
    const library l;
    const auto page = read_page(l.ask("/books/emma/12"));
    const auto with_id = "?c=" + page.conversation;
    CHECK(l.ask("/books/emma/12" + with_id, page.cookie).contains("page 12"));
    const auto other = l.ask("/books/emma/13" + with_id, page.cookie);
    CHECK(other.status == 303);
    CHECK(other.header("location") == "/books/emma/12" + with_id);
}

TEST_CASE("Back to an address does not lead to a conversation of another address of the mount") {
    const library l;
    const auto page = read_page(l.ask("/books/emma/12"));
    const auto cookies =
        page.cookie + "; stube_last_books__book___page_=" + page.conversation + ".1";
    CHECK(l.ask("/books/emma/12", cookies).status == 303);
    CHECK(l.ask("/books/emma/13", cookies).contains("page 13"));
}

TEST_CASE("paths that an application cannot use are refused when it mounts them") {
    app site;
    const auto from = [](const request_info&) { return chapter(); };
    site.mount<chapter>("/books/{book}", from);
    CHECK_THROWS_WITH(
        site.mount<chapter>("/books/{title}", from),
        "stube: these paths match the same addresses: /books/{title} and /books/{book}"
    );
    CHECK_THROWS_WITH(
        site.mount<chapter>("/pages/{page}"),
        "stube: a mount with parameters needs a function that reads them: /pages/{page}"
    );
    CHECK_THROWS_WITH(
        site.asset("/files/{name}", "text/plain", ""),
        "stube: only a mount has parameters in its path: /files/{name}"
    );
    CHECK_THROWS_AS(site.mount<chapter>("/stube/{x}", from), std::invalid_argument);
}
