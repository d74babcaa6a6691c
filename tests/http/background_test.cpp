#include "http/fixture.hpp"

#include <stube/runtime/behavior.hpp>
#include <stube/runtime/messages.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <semaphore>
#include <string>
#include <utility>

using namespace testing;

using namespace std::chrono_literals;

namespace {

/// Changes by messages, timers and work, without an event of its user.
struct board {
    static constexpr std::string_view component = "test/board";
    std::string text = "nothing";

    effects start() { return subscribe<&board::show>("board"); }

    effects later() { return after<&board::ring>(20ms); }

    effects compute() {
        return run<&board::show>([] { return std::string("computed"); });
    }

    effects tell_all() { return publish("board", "from a page"); }

    void ring() { text = "ring"; }

    void show(std::string what) { text = std::move(what); }

    markup render() const {
        using namespace html;
        return div(
            output(text),
            button(on<"click", &board::later>, "later"),
            button(on<"click", &board::compute>, "compute"),
            button(on<"click", &board::tell_all>, "tell")
        );
    }
};
BOOST_DESCRIBE_STRUCT(board, (), (text, start, later, compute, tell_all, ring, show))

/// Its work lasts until a test lets it end.
struct calculation {
    static constexpr std::string_view component = "test/calculation";
    static inline std::binary_semaphore may_end{0};

    field<std::string> note;
    bool takes_notes = false;
    std::string result = "none";

    effects compute() {
        return run<&calculation::show>([] {
            may_end.acquire();
            return std::string("computed");
        });
    }

    void open() { takes_notes = true; }

    void show(std::string what) { result = std::move(what); }

    markup render() const {
        using namespace html;
        return div(
            behavior("test/chart"),
            output(result),
            when(takes_notes, input(bind<&calculation::note>(*this))),
            button(on<"click", &calculation::compute>, "Compute"),
            button(on<"click", &calculation::open>, "Take notes")
        );
    }
};
BOOST_DESCRIBE_STRUCT(calculation, (), (note, takes_notes, result, compute, open, show))

app board_site() {
    app site;
    site.mount<board>("/b");
    site.mount<calculation>("/calculation");
    return site;
}

server_options any_port() {
    server_options options;
    options.port = 0;
    options.threads = 2;
    options.hosts = {"*"};
    options.conversations.logger = quiet();
    return options;
}

int post(const server& to, const opened& page, std::string_view member) {
    return client(to.port()).ask(page.post("1/" + std::string(member))).status;
}

}  // namespace

TEST_CASE("a message that the application publishes reaches every open page") {
    const auto site = board_site();
    server running(site, any_port());
    running.start_threads();
    const auto one = open_page(running.port(), "/b"), two = open_page(running.port(), "/b");
    client left(running.port()), right(running.port());
    attach(left, one);
    attach(right, two);

    site.publish("board", "from the app");
    left.read_until("from the app");
    right.read_until("from the app");
    running.publish("board", std::string("from the server"));
    left.read_until("from the server");
    right.read_until("from the server");
    CHECK(post(running, one, "tell_all") == 204);
    left.read_until("from a page");
    right.read_until("from a page");

    // A message is counted after its page has received it.
    const auto ask = [&] {
        return client(running.port()).ask("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
    };
    auto numbers = ask();
    for (const auto until = std::chrono::steady_clock::now() + 10s;
         !numbers.contains("{result=\"delivered\"} 6\n") &&
         std::chrono::steady_clock::now() < until;)
        numbers = ask();
    CHECK(numbers.contains("stube_topics 1\n"));
    CHECK(numbers.contains("stube_messages_total{result=\"delivered\"} 6\n"));
    CHECK(numbers.contains("stube_messages_total{result=\"lost\"} 0\n"));
}

TEST_CASE("a message from an app reaches all its servers that have not stopped") {
    const auto site = board_site();
    site.publish("board", "nobody hears it");
    server first(site, any_port()), second(site, any_port());
    first.start_threads();
    second.start_threads();
    const auto page = open_page(second.port(), "/b");
    client stream(second.port());
    attach(stream, page);

    first.stop();
    site.publish("board", "still here");
    stream.read_until("still here");
}

TEST_CASE("the changes by a timer and by work reach an open page") {
    const auto site = board_site();
    server running(site, any_port());
    running.start_threads();
    const auto page = open_page(running.port(), "/b");
    client stream(running.port());
    attach(stream, page);

    CHECK(post(running, page, "later") == 204);
    stream.read_until(">ring<");
    CHECK(post(running, page, "compute") == 204);
    stream.read_until(">computed<");
    const auto numbers = client(running.port()).ask("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(numbers.contains("stube_timers_fired_total 1\n"));
    CHECK(numbers.contains("stube_work_total{result=\"done\"} 1\n"));
}

TEST_CASE("without scripts a page with work reloads itself or has a link if it takes input") {
    constexpr std::string_view reload =
        "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript></head>";
    constexpr std::string_view link =
        "<noscript><p><a href=\"\">Show the result</a></p></noscript>";
    const auto site = board_site();
    server running(site, any_port());
    running.start_threads();
    const auto page = open_page(running.port(), "/calculation");
    const auto load = [&] {
        const auto address = "/calculation?c=" + page.conversation;
        return client(running.port()).ask(get(address, "Cookie: " + page.cookie + "\r\n"));
    };
    client stream(running.port());
    attach(stream, page);

    CHECK_FALSE(load().contains(reload));
    post(running, page, "compute");
    CHECK(load().contains(reload));
    CHECK_FALSE(load().contains(link));
    post(running, page, "open");
    CHECK_FALSE(load().contains(reload));
    CHECK(load().contains(link));
    calculation::may_end.release();
    stream.read_until(">computed<");
    CHECK_FALSE(load().contains(link));
}

TEST_CASE("without scripts a page with a behavior shows that parts of the page need scripts") {
    constexpr std::string_view words =
        "<noscript><p>Parts of this page need JavaScript.</p></noscript>";
    const auto site = board_site();
    server running(site, any_port());
    running.start_threads();
    CHECK(open_page(running.port(), "/calculation").page.contains(words));
    CHECK_FALSE(open_page(running.port(), "/b").page.contains(words));
}

TEST_CASE("a timer that was set before a restart fires after the restart") {
    const auto where = std::make_shared<disk>();
    const auto site = board_site();
    opened page;
    {
        auto options = any_port();
        options.conversations.watch_clock = false;  // this server stops before the timer is due
        server before(site, options, store_on(where));
        before.start_threads();
        page = open_page(before.port(), "/b");
        CHECK(post(before, page, "later") == 204);
    }
    server running(site, any_port(), store_on(where));
    running.start_threads();
    client stream(running.port());
    stream.send(page.stream("Last-Event-ID: 2\r\n"));
    stream.read_until(">ring<");
}
