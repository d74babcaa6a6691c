#include "http/fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace testing;

namespace {

response send(const served& site, const std::string& request) {
    return client(site.port()).ask(request);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const auto at = text.find(what);
    REQUIRE(at != text.npos);
    return text.replace(at, what.size(), with);
}

/// Checks that the response is a refusal that the page can show.
void check_refusal(const response& got, int status) {
    CHECK(got.status == status);
    CHECK(got.body.starts_with(
        "<hx-partial hx-target=\"#stube-notice\" hx-swap=\"innerHTML\"><p role=\"alert\">"
    ));
    CHECK(got.body.ends_with("</p></hx-partial>"));
    CHECK(got.header("content-type") == "text/html; charset=utf-8");
}

}  // namespace

TEST_CASE("the response to an event without a stream contains the patch") {
    served site;
    const auto page = open_page(site.port());
    const auto got = send(site, page.post("1/inc", "i1-step=3"));

    CHECK(got.status == 200);
    CHECK(got.header("content-type") == "text/html; charset=utf-8");
    CHECK(got.body.starts_with("<hx-morph of=\"i1\"><div id=\"i1\"><output>n=3"));
    CHECK(got.body.ends_with("</hx-morph>"));
}

TEST_CASE("arguments and fields reach the member") {
    served site;
    const auto page = open_page(site.port());
    CHECK(send(site, page.post("1/add", "stube-args=%5B5%5D")).contains("n=5"));
    const auto wrong = send(site, page.post("1/inc", "i1-step=many"));
    CHECK(wrong.status == 200);
    CHECK(wrong.contains("n=5"));
    CHECK(wrong.contains("value=\"many\""));
}

TEST_CASE("a repeated event changes nothing") {
    served site;
    const auto page = open_page(site.port());
    CHECK(send(site, page.post("1/inc", {}, 77)).contains("n=1"));

    const auto again = send(site, page.post("1/inc", {}, 77));
    CHECK(again.status == 200);
    CHECK(again.contains(
        "hx-target=\"#stube-view\" hx-swap=\"innerMorph\"><div id=\"i1\"><output>n=1"
    ));
    CHECK(send(site, page.post("1/inc", {}, 78)).contains("n=2"));
}

TEST_CASE("Back and Forward go to the steps of the conversation") {
    served site;
    const auto page = open_page(site.port());
    CHECK(page.page.contains("data-step=\"1\""));
    CHECK_FALSE(send(site, page.post("1/inc")).contains("<hx-command>{\"step\""));
    CHECK(send(site, page.post("1/ask"))
              .contains(R"(<hx-command>{"step":2,"push":true}</hx-command>)"));

    const auto back = send(site, page.back("to=1"));
    CHECK(back.status == 200);
    CHECK(back.header("content-type") == "text/html; charset=utf-8");
    CHECK(back.contains("n=1"));
    CHECK(back.contains(R"(<hx-command>{"step":1,"push":false}</hx-command>)"));

    const auto forward = send(site, page.back("to=2", 99));
    CHECK(forward.contains("ok</button>"));
    CHECK(forward.contains(R"(<hx-command>{"step":2,"push":false}</hx-command>)"));
    CHECK(send(site, page.back("", 100)).contains("n=1"));
    CHECK(send(site, page.back("to=2", 99)).contains("n=1"));
}

TEST_CASE("Back within a flow changes nothing and offers to start again") {
    served site;
    const auto page = open_page(site.port(), "/asking");
    CHECK(send(site, page.post("2/yes"))
              .contains(R"(<hx-command>{"step":2,"push":true}</hx-command>)"));

    const auto back = send(site, page.back("to=1"));
    CHECK(back.status == 200);
    CHECK(back.contains("Second?"));
    CHECK(back.contains(R"(<hx-command>{"step":2,"push":false}</hx-command>)"));
    CHECK(back.contains("This step cannot be taken back. <a href=\"/asking\">Start again</a>"));
    CHECK(send(site, page.post("3/yes")).contains("Finished"));
}

TEST_CASE("going back to an unknown step shows the page unchanged") {
    served site;
    const auto page = open_page(site.port());
    for (const auto* nowhere : {"", "to=7", "to=18446744073709551615"}) {
        CAPTURE(std::string(nowhere));
        const auto got = send(site, page.back(nowhere));
        CHECK(got.status == 200);
        CHECK(got.contains("n=0"));
        CHECK(got.contains(R"(<hx-command>{"step":1,"push":false}</hx-command>)"));
    }
}

TEST_CASE("an invalid request to go back is refused like an event") {
    served site;
    const auto page = open_page(site.port());
    const auto other = open_page(site.port());
    const auto good = page.back("to=0");
    check_refusal(send(site, page.back("to=x")), 400);
    check_refusal(send(site, page.back("to=-1")), 400);
    check_refusal(send(site, replaced(good, "Stube-Event-Id: ", "X: ")), 400);
    check_refusal(send(site, replaced(good, "x-www-form-urlencoded", "json")), 415);
    check_refusal(send(site, replaced(good, "\r\n\r\n", "\r\nOrigin: http://b.test\r\n\r\n")), 403);
    check_refusal(send(site, replaced(good, page.cookie, other.cookie)), 403);
    check_refusal(send(site, replaced(good, page.conversation, "nobody")), 404);
    const auto got = send(site, get("/stube/back/" + page.conversation));
    CHECK(got.status == 405);
    CHECK(got.header("allow") == "POST");
    CHECK(send(site, page.post("1/finish")).status == 200);
    CHECK(send(site, good).contains("Final words"));
}

TEST_CASE("an event to a component that has left the page sends the whole view") {
    served site;
    const auto page = open_page(site.port());
    const auto got = send(site, page.post("99/inc"));
    CHECK(got.status == 200);
    CHECK(got.contains("#stube-view"));
    CHECK(got.contains("n=0"));
}

TEST_CASE("unknown events are refused") {
    served site;
    const auto page = open_page(site.port());
    for (const auto* bad :
         {"1/render",
          "1/nothing",
          "1/start",
          "1/inc/more",
          "0/inc",
          "x/inc",
          "-1/inc",
          "1%2Finc/x",
          "99999999999999999999/inc",
          "1/n"}) {
        CAPTURE(std::string(bad));
        check_refusal(send(site, page.post(bad)), 404);
    }
    CHECK(send(site, page.post("1/inc")).contains("n=1"));
}

TEST_CASE("arguments that do not fit the member are refused") {
    served site;
    const auto page = open_page(site.port());
    for (const auto* bad :
         {"stube-args=%5B",
          "stube-args=%7B%7D",
          "stube-args=x",
          "stube-args=%5B%22a%22%5D",
          "stube-args=%5B%5D",
          "stube-args=%5B1,2%5D",
          "stube-args=%5B99999999999%5D",
          "stube-args=%5B1.5%5D",
          ""}) {
        CAPTURE(std::string(bad));
        check_refusal(send(site, page.post("1/add", bad)), 400);
    }
    check_refusal(send(site, page.post("1/add", "stube-args=" + std::string(5000, '['))), 400);
    check_refusal(send(site, page.post("1/inc", "stube-args=%5B1%5D")), 400);
}

TEST_CASE("malformed forms are refused") {
    served site;
    const auto page = open_page(site.port());
    std::string many;
    for (int at = 0; at < 201; ++at)
        many += "a=1&";
    for (const auto& bad :
         {std::string("step=%ff"), std::string("step=%"), std::string("%C3%28=1"), many}) {
        check_refusal(send(site, page.post("1/inc", bad)), 400);
    }
    CHECK(send(site, page.post("1/inc", many.substr(4))).contains("n=1"));
    CHECK(send(site, page.post("1/inc", "step=%00")).status == 200);
}

TEST_CASE("an event needs an id") {
    served site;
    const auto page = open_page(site.port());
    const auto good = page.post("1/inc", {}, 0xabc);
    for (const auto* bad :
         {"1", "0000000000000ABC", "0000000000000000", "00000000000000abc", "zzzzzzzzzzzzzzzz"}) {
        CAPTURE(std::string(bad));
        check_refusal(send(site, replaced(good, "0000000000000abc", bad)), 400);
    }
}

TEST_CASE("a form without an event id that does not name its page is refused") {
    served site;
    const auto page = open_page(site.port());
    const auto got = send(site, replaced(page.post("1/inc"), "Stube-Event-Id", "Other"));
    CHECK(got.status == 400);
    CHECK(got.contains("<!doctype html>"));
    CHECK(send(site, get("/t?c=" + page.conversation, "Cookie: " + page.cookie + "\r\n"))
              .contains("n=0"));
}

TEST_CASE("an event without a cookie gets a message that cookies are needed") {
    served site;
    const auto page = open_page(site.port());
    const auto got = send(site, replaced(page.post("1/inc"), "Cookie: ", "X: "));
    check_refusal(got, 403);
    CHECK(got.contains("allow cookies for this site"));
    CHECK(got.contains("Start again"));
}

TEST_CASE("an event must be a form") {
    served site;
    const auto page = open_page(site.port());
    const auto good = page.post("1/inc");
    const std::string type = "application/x-www-form-urlencoded;charset=UTF-8";
    for (const auto* bad :
         {"text/plain",
          "application/json",
          "multipart/form-data; boundary=x",
          "",
          "application/x-www-form-urlencoded2"}) {
        CAPTURE(std::string(bad));
        check_refusal(send(site, replaced(good, type, bad)), 415);
    }
    CHECK(send(site, replaced(good, type, "Application/X-WWW-Form-Urlencoded")).status == 200);
}

TEST_CASE("events from other sites are refused") {
    served site;
    const auto page = open_page(site.port());
    const auto with = [&](std::string_view headers) {
        return send(
            site,
            replaced(page.post("1/inc"), "Cookie:", std::string(headers) + "Cookie:")
        );
    };
    CHECK(with("Sec-Fetch-Site: same-origin\r\nOrigin: https://a.test\r\n").status == 200);
    CHECK(with("Origin: http://a.test\r\n").status == 200);
    check_refusal(with("Sec-Fetch-Site: cross-site\r\n"), 403);
    check_refusal(with("Sec-Fetch-Site: same-site\r\nOrigin: http://a.test\r\n"), 403);
    check_refusal(with("Origin: http://b.test\r\n"), 403);
    check_refusal(with("Origin: http://a.test.b.test\r\n"), 403);
    check_refusal(with("Origin: null\r\n"), 403);
}

TEST_CASE("a conversation belongs to its session") {
    served site;
    const auto page = open_page(site.port());
    auto other = page;
    other.cookie = open_page(site.port()).cookie;
    auto none = page;
    none.cookie = "x=y";

    check_refusal(send(site, other.post("1/inc")), 403);
    check_refusal(send(site, none.post("1/inc")), 403);
    CHECK(send(site, page.post("1/inc")).contains("n=1"));
}

TEST_CASE("the response to the last event contains the final view") {
    served site;
    const auto page = open_page(site.port());
    const auto got = send(site, page.post("1/finish"));
    CHECK(got.status == 200);
    CHECK(got.contains("Final words"));
    CHECK(got.contains("hx-target=\"#stube-stream\" hx-swap=\"delete\""));

    auto unknown = page;
    unknown.conversation = "AAAAAAAAAAAAAAAAAAAAAA";
    const auto gone = send(site, unknown.post("1/inc"));
    check_refusal(gone, 404);
    CHECK(gone.contains("<a href=\"?\">Start again</a>"));
}

TEST_CASE("an event after the end and a repeated last event get the final view") {
    served site;
    const auto page = open_page(site.port());
    const auto end = page.post("1/finish");
    CHECK(send(site, end).header("stube-revision") == "2");

    for (const auto& late : {end, page.post("1/inc"), page.back("to=1")}) {
        const auto got = send(site, late);
        CHECK(got.status == 200);
        CHECK(got.header("stube-revision") == "2");
        CHECK(got.contains("<p>Final words"));
        CHECK(got.contains("hx-target=\"#stube-stream\" hx-swap=\"delete\""));
        // A failed event makes the page keep what it has sent, so one that came too late is marked.
        CHECK(got.header("stube-failed") == (late == end ? "" : "yes"));
    }
}

TEST_CASE("only the owner of a conversation gets its final view and learns of its end") {
    served site;
    const auto page = open_page(site.port());
    auto other = page;
    other.cookie = open_page(site.port()).cookie;
    send(site, page.post("1/finish"));

    const auto got = send(site, other.post("1/inc"));
    check_refusal(got, 404);
    CHECK(got.header("stube-revision").empty());
}

TEST_CASE("an event after a thousand other ends gets a message that the conversation has ended") {
    served site;
    const auto page = open_page(site.port());
    send(site, page.post("1/finish"));
    client browser(site.port());
    for (int at = 0; at < 1000; ++at) {
        browser.send(get("/t", "Cookie: " + page.cookie + "\r\n"));
        browser.ask(read_page(browser.read(), page.cookie).post("1/finish"));
    }

    const auto got = send(site, page.post("1/inc"));
    CHECK(got.status == 200);
    CHECK(got.header("stube-revision") == "2");
    CHECK(got.body.starts_with("<hx-partial hx-target=\"#stube-view\" hx-swap=\"innerMorph\">"
                               "<section class=\"card\" role=\"alert\"><h1>This has ended</h1>"));
    CHECK(got.contains("<a href=\"?\">Start again</a>"));
    CHECK(got.body.ends_with(
        "<hx-partial hx-target=\"#stube-stream\" hx-swap=\"delete\"></hx-partial>"
    ));
}

TEST_CASE("the response to an event contains the revision after the event") {
    served site;
    const auto page = open_page(site.port());
    CHECK(send(site, page.post("1/inc", {}, 77)).header("stube-revision") == "2");
    CHECK(send(site, page.post("1/inc")).header("stube-revision") == "3");
    CHECK(send(site, page.post("1/inc", {}, 77)).header("stube-revision") == "3");
    CHECK(send(site, page.post("1/fail")).header("stube-revision") == "3");
    CHECK(send(site, page.post("99/inc")).header("stube-revision") == "3");

    client stream(site.port());
    attach(stream, page);
    const auto streamed = send(site, page.post("1/inc"));
    CHECK(streamed.status == 204);
    CHECK(streamed.header("stube-revision") == "4");
    const auto failed = send(site, page.post("1/fail"));
    CHECK(failed.status == 204);
    CHECK(failed.header("stube-revision") == "4");
}

TEST_CASE("a handler that throws changes nothing and shows an error id") {
    served site;
    const auto page = open_page(site.port());
    const auto got = send(site, page.post("1/fail"));
    CHECK(got.status == 200);
    CHECK(got.contains("<hx-partial hx-target=\"#stube-notice\""));
    CHECK(got.contains("Error "));
    CHECK_FALSE(got.contains("secret"));
    CHECK(send(site, page.post("1/inc")).contains("n=1"));
}

TEST_CASE("the response to an event whose handler throws is marked as failed") {
    served site;
    const auto page = open_page(site.port());
    CHECK(send(site, page.post("1/fail")).header("stube-failed") == "yes");
    CHECK(send(site, page.post("1/inc")).header("stube-failed").empty());

    client stream(site.port());
    attach(stream, page);
    const auto got = send(site, page.post("1/fail"));
    CHECK(got.status == 204);
    CHECK(got.header("stube-failed") == "yes");
    CHECK(send(site, page.post("1/inc")).header("stube-failed").empty());
}

TEST_CASE("an event that the store refuses changes nothing and shows a message") {
    auto where = std::make_shared<disk>();
    served site({}, store_on(where));
    const auto page = open_page(site.port());
    where->now = disk::condition::refusing;
    check_refusal(send(site, page.post("1/inc")), 507);
    CHECK(client(site.port()).ask(get("/t")).status == 507);

    where->now = disk::condition::working;
    CHECK(send(site, page.post("1/inc")).contains("n=1"));
}

TEST_CASE("a store in an unknown state refuses all later events") {
    auto where = std::make_shared<disk>();
    std::atomic<int> told = 0;
    server_options options;
    options.conversations.on_store_down = [&](const std::string&) { ++told; };
    served site(options, store_on(where));
    const auto page = open_page(site.port());
    where->now = disk::condition::failed;
    check_refusal(send(site, page.post("1/inc")), 503);
    where->now = disk::condition::working;

    check_refusal(send(site, page.post("1/inc")), 503);
    CHECK(client(site.port()).ask(get("/t")).status == 503);
    CHECK(told >= 1);
}

TEST_CASE("too many events at once are refused") {
    server_options options;
    options.conversations.max_waiting = 1;
    options.threads = 4;
    served site(options);
    const auto page = open_page(site.port());
    client first(site.port());
    client second(site.port());
    send_slow(first, page);
    second.send(page.post("1/slow"));
    std::this_thread::sleep_for(150ms);

    check_refusal(send(site, page.post("1/inc")), 429);
    CHECK(first.read().contains("n=1"));
    CHECK(second.read().contains("n=2"));
}
