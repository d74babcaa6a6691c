#include "http/fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

/// Events of browsers without scripts: submitted forms and followed redirects.
using namespace testing;

namespace {

/// A component within another, with a field of its own.
struct remark {
    static constexpr std::string_view component = "test/remark";
    field<std::string> text;
    int saved = 0;

    void save() { ++saved; }

    markup render() const {
        using namespace html;
        return div(
            p("saved=", saved),
            textarea(bind<&remark::text>(*this, control_kind::text_area), text.text()),
            button(on<"click", &remark::save>, "Save")
        );
    }
};
BOOST_DESCRIBE_STRUCT(remark, (), (text, saved, save))

/// Two steps: the second is a note that it calls.
struct order {
    static constexpr std::string_view component = "test/order";
    field<std::string> name;
    slot<remark> note = remark();
    int count = 0;

    void more() { ++count; }

    void add(int many) { count += many; }

    effects next() {
        if (!name.require("Enter a name")) return {};
        return call<testing::note>("Placed for " + name.value());
    }

    void fail() { throw std::runtime_error("secret reason"); }

    effects finish() { return end(html::h1("Thank you")); }

    markup render() const {
        using namespace html;
        return div(
            p("count=", count, ";"),
            form(
                on<"submit", &order::next>,
                input(bind<&order::name>(*this)),
                ui::detail::message(bind<&order::name>(*this)),
                button("Next")
            ),
            note,
            button(on<"click", &order::more>, "More"),
            button(on<"click", &order::add>(5), "Five more"),
            button(on<"click", &order::more>.confirm("Really & truly?"), "Ask"),
            button(on<"click", &order::fail>, "Fail"),
            a(on<"click", &order::add>(7), "Seven more"),
            button(on<"click", &order::finish>, "Finish")
        );
    }
};
BOOST_DESCRIBE_STRUCT(order, (), (name, note, count, more, add, next, fail, finish))

struct shop {
    explicit shop(std::unique_ptr<store> storage = memory_store())
        : running(site(), options(), std::move(storage)) {
        running.start_threads();
    }

    static app site() {
        app all;
        all.mount<order>("/order");
        all.mount<order>("/other");
        return all;
    }

    static server_options options() {
        server_options out;
        out.port = 0;
        out.threads = 2;
        out.hosts = {"a.test"};
        out.conversations.logger = quiet();
        return out;
    }

    server running;
};

std::string between(std::string_view text, std::string_view before, std::string_view after) {
    const auto at = text.find(before);
    REQUIRE_MESSAGE(at != text.npos, std::string(before) << " in " << std::string(text));
    const auto from = at + before.size();
    return std::string(text.substr(from, text.find(after, from) - from));
}

/// A browser without scripts: cookies, one page, and its address.
class plain_browser {
public:
    explicit plain_browser(std::uint16_t port) : port_(port) {}

    /// Loads an address and follows redirects, as Back and reload do too.
    plain_browser& load(const std::string& target, const std::string& headers = "") {
        show(target, client(port_).ask(get(target, cookie_line() + headers)));
        return *this;
    }

    /// Presses the button, or submits the form, whose address ends with `/<member>`.
    plain_browser& press(const std::string& member, const std::string& fields = "") {
        const auto target = address_of(member);
        show(target, submit(target, fields));
        return *this;
    }

    /// The response to the submission itself.
    response
    submit(const std::string& target, const std::string& fields, const std::string& headers = "") {
        const auto body = "stube=" + ticket() + (fields.empty() ? "" : "&") + fields;
        return client(port_).ask(
            "POST " + target + " HTTP/1.1\r\nHost: a.test\r\n" + cookie_line() + headers +
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body
        );
    }

    std::string address_of(const std::string& member) const {
        const auto end = page.body.find("/" + member, page.body.find("action=\""));
        REQUIRE(end != std::string::npos);
        const auto begin = page.body.rfind("\"", end) + 1;
        return page.body.substr(begin, page.body.find('"', begin) - begin);
    }

    std::string ticket() const { return between(page.body, "name=\"stube\" value=\"", "\""); }

    bool shows(std::string_view text) const { return page.contains(text); }

    void forget_cookies() { cookies_.clear(); }

    std::string address;
    response page;

private:
    std::string cookie_line() const {
        std::string all;
        for (const auto& [name, value] : cookies_)
            all += (all.empty() ? "Cookie: " : "; ") + name + "=" + value;
        return all.empty() ? all : all + "\r\n";
    }

    void keep_cookies(const std::string& head) {
        constexpr std::string_view line = "Set-Cookie: ";
        for (auto at = head.find(line); at != head.npos; at = head.find(line, at + 1)) {
            const auto from = at + line.size();
            const auto middle = head.find('=', from);
            cookies_[head.substr(from, middle - from)] =
                head.substr(middle + 1, head.find(';', middle) - middle - 1);
        }
    }

    void show(std::string target, response got) {
        keep_cookies(got.head);
        for (int redirects = 0; got.status == 303; ++redirects) {
            REQUIRE(redirects < 5);
            target = got.header("location");
            got = client(port_).ask(get(target, cookie_line()));
            keep_cookies(got.head);
        }
        address = std::move(target);
        page = std::move(got);
    }

    std::uint16_t port_;
    std::map<std::string, std::string> cookies_;
};

struct visit {
    explicit visit(std::unique_ptr<store> storage = memory_store())
        : place(std::move(storage)), browser(place.running.port()) {
        browser.load("/order");
        REQUIRE(browser.page.status == 200);
    }

    shop place;
    plain_browser browser;
};

}  // namespace

TEST_CASE("without scripts the response to a button redirects to the page with the new state") {
    visit v;
    const auto got = v.browser.submit(v.browser.address_of("more"), "");
    CHECK(got.status == 303);
    CHECK(got.body.empty());
    CHECK(got.header("location").starts_with("/order?c="));
    CHECK(got.header("location").ends_with(".1"));
    CHECK(v.browser.press("add", "stube-args=%5B5%5D").shows("count=6;"));
    CHECK(v.browser.page.status == 200);
}

TEST_CASE("without scripts a double click counts once and both clicks lead to the same page") {
    visit v;
    const auto address = v.browser.address_of("more");
    const auto first = v.browser.submit(address, "");
    const auto second = v.browser.submit(address, "");
    CHECK(first.status == 303);
    CHECK(second.status == 303);
    CHECK(first.header("location") == second.header("location"));
    CHECK(v.browser.load(first.header("location")).shows("count=1;"));
    CHECK(v.browser.press("more").shows("count=2;"));
}

TEST_CASE("without scripts two buttons of one page both count") {
    visit v;
    v.browser.submit(v.browser.address_of("more"), "");
    CHECK(v.browser.press("add", "stube-args=%5B5%5D").shows("count=6;"));
}

TEST_CASE("a form of another site is refused") {
    visit v;
    const auto address = v.browser.address_of("more");
    CHECK(v.browser.submit(address, "", "Origin: http://b.test\r\n").status == 403);
    CHECK(v.browser.submit(address, "", "Sec-Fetch-Site: cross-site\r\n").status == 403);
    CHECK(v.browser.submit(address, "", "Sec-Fetch-Site: same-site\r\n").status == 403);
    CHECK(v.browser.load(v.browser.address).shows("count=0;"));
}

TEST_CASE("a form without the token of its page is refused") {
    visit v;
    const auto good = v.browser.page.body;
    const auto ticket = v.browser.ticket();
    plain_browser other(v.place.running.port());
    other.load("/order");
    const auto forged = other.ticket();
    const std::string other_digit = ticket.starts_with('0') ? "1" : "0";
    for (const auto& bad :
         {std::string(), std::string("x"), ticket.substr(1), forged, other_digit + ticket.substr(1)
         }) {
        CAPTURE(bad);
        v.browser.page.body = good;
        v.browser.page.body.replace(good.find(ticket), ticket.size(), bad);
        const auto got = v.browser.submit(v.browser.address_of("more"), "");
        CHECK((got.status == 400 || got.status == 403));
        CHECK(got.contains("<h1>"));
    }
    v.browser.page.body = good;
    CHECK(v.browser.load(v.browser.address).shows("count=0;"));
}

TEST_CASE("without scripts the message and the entry of a field are shown after the redirect") {
    visit v;
    v.browser.press("next", "i1-name=+&i2-text=Two%0D%0Alines");
    CHECK(v.browser.shows("Enter a name"));
    CHECK(v.browser.shows("value=\" \""));
}

TEST_CASE("entries in other components are kept and not handled") {
    visit v;
    v.browser.press("more", "i1-name=Ada&i2-text=Late+arrival");
    CHECK(v.browser.shows("count=1;"));
    CHECK(v.browser.shows("value=\"Ada\""));
    CHECK(v.browser.shows("Late arrival</textarea>"));
    CHECK(v.browser.shows("saved=0"));
}

TEST_CASE("line ends of a submitted text equal those that scripts send") {
    visit v;
    v.browser.press("save", "i2-text=One%0D%0ATwo");
    CHECK(v.browser.shows(">\nOne\nTwo</textarea>"));
}

TEST_CASE("a component that has changed since the page was made keeps its newer text") {
    visit v;
    const auto older = v.browser.page.body;
    v.browser.press("save", "i2-text=new");
    v.browser.page.body = older;
    v.browser.press("more", "i2-text=old");
    CHECK(v.browser.shows(">\nnew</textarea>"));
    CHECK(v.browser.shows("count=1;"));
}

TEST_CASE("the browser's Back shows the step of its address") {
    visit v;
    v.browser.press("more");
    const auto first = v.browser.address;
    v.browser.press("next", "i1-name=Ada");
    const auto second = v.browser.address;
    CHECK(v.browser.shows(">ok</button>"));
    CHECK(first != second);
    CHECK(v.browser.load(first).shows("count=1;"));
    CHECK(v.browser.load(second).shows(">ok</button>"));
    CHECK(v.browser.load(second).shows(">ok</button>"));
}

TEST_CASE("a page that the browser kept acts on the step that it shows") {
    visit v;
    const auto kept = v.browser.page.body;
    v.browser.press("next", "i1-name=Ada");
    CHECK(v.browser.shows(">ok</button>"));
    v.browser.page.body = kept;
    v.browser.press("more");
    CHECK(v.browser.shows("count=1;"));
    CHECK_FALSE(v.browser.shows(">ok</button>"));
}

TEST_CASE("a submission of a step that is gone shows that nothing was changed") {
    visit v;
    const auto kept = v.browser.page.body;
    v.browser.press("next", "i1-name=Ada");
    v.browser.page.body = kept;
    v.browser.page.body.replace(kept.find(".1.1.b\""), 7, ".9.1.b\"");
    v.browser.press("more");
    CHECK(v.browser.shows("This page is out of date. Nothing was changed."));
    CHECK(v.browser.shows(">ok</button>"));
    CHECK_FALSE(v.browser.load(v.browser.address).shows("gone on since"));
}

TEST_CASE("Back to the address that began a conversation leads to the step shown there") {
    visit v;
    v.browser.press("next", "i1-name=Ada");
    const auto conversation = between(v.browser.address, "c=", ".");
    v.browser.load("/order");
    CHECK(v.browser.address == "/order?c=" + conversation + ".1");
    CHECK(v.browser.shows("value=\"Ada\""));
}

TEST_CASE("Back to an address leads to its conversation after events at other addresses") {
    visit v;
    v.browser.press("more");
    v.browser.load("/other").press("add", "stube-args=%5B5%5D");
    CHECK(v.browser.load("/order").shows("count=1;"));
    CHECK(v.browser.load("/other").shows("count=5;"));
}

TEST_CASE("a link to the address that began a conversation begins another conversation") {
    visit v;
    v.browser.press("more");
    v.browser.load("/order", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n");
    CHECK(v.browser.shows("count=0;"));
}

TEST_CASE("a component that throws is reported once after the redirect and only entries are kept") {
    visit v;
    v.browser.press("fail", "i1-name=Ada");
    CHECK(v.browser.shows("value=\"Ada\""));
    CHECK(v.browser.shows("role=\"alert\""));
    CHECK(v.browser.shows("count=0;"));
    CHECK_FALSE(v.browser.shows("secret"));
    CHECK_FALSE(v.browser.load(v.browser.address).shows("role=\"alert\""));
}

TEST_CASE("without scripts the final view is shown after the redirect even to a double click") {
    visit v;
    const auto address = v.browser.address_of("finish");
    const auto first = v.browser.submit(address, "");
    const auto second = v.browser.submit(address, "");
    CHECK(first.status == 303);
    CHECK(second.header("location") == first.header("location"));
    CHECK(v.browser.load(first.header("location")).shows("Thank you"));
}

TEST_CASE("a submission after the end is refused and shows its entries") {
    visit v;
    const auto late = v.browser.address_of("next");
    const auto ticket = v.browser.ticket();
    v.browser.submit(v.browser.address_of("finish"), "");
    const auto got = v.browser.submit(late, "i1-name=Ada");
    CHECK(got.status == 404);
    CHECK(got.contains("<h1>This has ended</h1>"));
    CHECK(got.contains("<label>name<textarea readonly>\nAda</textarea></label>"));
    CHECK_FALSE(got.contains(ticket));
}

TEST_CASE("a submission that cannot be saved can be sent again with all its entries") {
    auto where = std::make_shared<disk>();
    visit v(store_on(where));
    where->now = disk::condition::refusing;
    v.browser.press("next", "i1-name=Ada+%26+Bob");
    CHECK(v.browser.page.status == 507);
    CHECK(v.browser.shows("Try again</button>"));
    CHECK(v.browser.shows("name=\"i1-name\" value=\"Ada &amp; Bob\""));

    where->now = disk::condition::working;
    CHECK(v.browser.press("next", "i1-name=Ada+%26+Bob").shows(">ok</button>"));
}

TEST_CASE("without scripts a question is asked on a page of its own") {
    visit v;
    CHECK(v.browser.shows("/1/more?ask=Really%20%26%20truly%3F\""));
    const auto address = v.browser.address_of("more") + "?ask=Really%20%26%20truly%3F";
    const auto question = v.browser.submit(address, "i1-name=Ada");
    CHECK(question.status == 200);
    CHECK(question.contains("Really &amp; truly?"));
    CHECK(question.contains("name=\"i1-name\" value=\"Ada\""));
    const auto no = v.browser.submit(address, "i1-name=Ada&stube-agreed=no");
    CHECK(no.status == 303);
    CHECK(v.browser.load(no.header("location")).shows("count=0;"));
    CHECK(v.browser.shows("value=\"Ada\""));
    const auto yes = v.browser.submit(address, "i1-name=Ada&stube-agreed=yes");
    CHECK(v.browser.load(yes.header("location")).shows("count=1;"));
}

TEST_CASE("a browser without cookies gets a message and can start again") {
    visit v;
    v.browser.forget_cookies();
    const auto got = v.browser.submit(
        v.browser.address_of("more"),
        "i1-name=Ada",
        "Referer: http://a.test/order?c=x\r\n"
    );
    CHECK(got.status == 403);
    CHECK(got.contains("allow cookies"));
    CHECK(got.contains("href=\"/order\""));
    CHECK(got.contains("<textarea readonly>\nAda</textarea>"));
}

TEST_CASE("a link without an address leads to a page with a button that sends its event") {
    visit v;
    const auto link = between(v.browser.page.body, "<a href=\"", "\"");
    v.browser.load(link);
    CHECK(v.browser.shows("Continue</button>"));
    const auto got = v.browser.submit(link, "");
    CHECK(v.browser.load(got.header("location")).shows("count=7;"));
}

TEST_CASE("the only form of a page is submitted with the controls outside of it") {
    visit v;
    const auto id = between(v.browser.page.body, "aria-hidden=\"true\" form=\"", "\"");
    CHECK(v.browser.shows("id=\"" + id + "\""));
    CHECK(v.browser.shows("form=\"" + id + "\">More</button>"));
    CHECK(v.browser.shows("<textarea name=\"i2-text\" form=\"" + id + "\""));
    CHECK_FALSE(v.browser.shows("<input name=\"i1-name\" form="));
}
