#pragma once

#include "http/client.hpp"

#include <stube/http/server.hpp>
#include <stube/stube.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/// The site that the tests of the web server serve, and the requests of a browser.
namespace testing {

using namespace stube;
using namespace stube::storage;
using namespace std::chrono_literals;

struct note {
    static constexpr std::string_view component = "test/note";
    std::string text;

    void done() {}

    markup render() const {
        return html::div(html::button(html::title("\n"), on<"click", &note::done>, "ok"));
    }
};
BOOST_DESCRIBE_STRUCT(note, (), (text, done))

struct tally {
    static constexpr std::string_view component = "test/tally";
    int n = 0;
    field<int> step = 1;
    std::string who;

    void inc() { n += step.value(); }

    void add(int more) { n += more; }

    inline static std::atomic<int> slow_begun = 0;

    void slow() {
        ++slow_begun;
        std::this_thread::sleep_for(500ms);
        ++n;
    }

    void fail() { throw std::runtime_error("secret reason"); }

    effects ask() { return call<note>(); }

    effects finish() { return end(html::p("Final words\nin two lines")); }

    markup render() const {
        using namespace html;
        return div(
            output("n=", n),
            input(bind<&tally::step>(*this)),
            button(on<"click", &tally::inc>, "+"),
            button(on<"keyup", &tally::add>(5), "+5"),
            button(on<"click", &tally::slow>, "slow"),
            button(on<"click", &tally::fail>, "fail"),
            button(on<"click", &tally::ask>, "ask"),
            form(on<"submit", &tally::finish>, button("end"))
        );
    }
};
BOOST_DESCRIBE_STRUCT(tally, (), (n, step, who, inc, add, slow, fail, ask, finish))

/// Shows the principal of its conversation.
struct visitor {
    static constexpr std::string_view component = "test/visitor";
    std::string who;

    void start(context& c) { who = c.principal().name; }

    markup render() const { return html::div("who=", who); }
};
BOOST_DESCRIBE_STRUCT(visitor, (), (who, start))

/// Made from the request. Has styles and modules.
struct chapter {
    static constexpr std::string_view component = "test/chapter";
    static constexpr std::string_view styles = "& > b { color: red }";
    static constexpr std::array<std::string_view, 2> modules{"/turn.js", "https://a.test/x.js"};
    int page = 1;

    void turn() { ++page; }

    effects close() { return end(html::p("Closed")); }

    markup render() const {
        using namespace html;
        return div(
            b("page ", page),
            button(on<"click", &chapter::turn>, "turn"),
            button(on<"click", &chapter::close>, "close")
        );
    }
};
BOOST_DESCRIBE_STRUCT(chapter, (), (page, turn, close))

/// Names a module that `chapter` names too.
struct appendix {
    static constexpr std::string_view component = "test/appendix";
    static constexpr std::string_view styles = "margin: 0";
    static constexpr std::string_view modules = "/turn.js";

    markup render() const { return html::p("appendix"); }
};
BOOST_DESCRIBE_STRUCT(appendix, (), ())

/// Throws when it is rendered.
struct broken {
    static constexpr std::string_view component = "test/broken";

    markup render() const { throw std::runtime_error("secret reason"); }
};
BOOST_DESCRIBE_STRUCT(broken, (), ())

inline flow<void> wait_flow() {
    co_await call<note>();
}

struct question {
    static constexpr std::string_view component = "test/question";
    using answer_type = bool;
    std::string text;

    answers<bool> yes() { return answer(true); }

    markup render() const {
        return html::div(html::p(text), html::button(on<"click", &question::yes>, "yes"));
    }
};
BOOST_DESCRIBE_STRUCT(question, (), (text, yes))

/// A flow of two steps.
inline flow<void> asking_flow() {
    co_await call<question>("First?");
    co_await call<question>("Second?");
}

/// The disk of a store. It outlives its servers and can fail.
struct disk {
    enum class condition { working, refusing, failed };

    std::mutex mutex;
    std::map<std::string, record> records;
    condition now = condition::working;
};

std::unique_ptr<store> store_on(std::shared_ptr<disk> where);

std::shared_ptr<spdlog::logger> quiet();

/// The options with a free port, any host and no log, where they are not set.
server_options on_any_port(server_options options = {});

/// A folder that is removed with this object.
class scratch_folder {
public:
    scratch_folder();
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder();

    std::string file(const std::string& name) const { return (path_ / name).string(); }

    /// The bytes of all files in the folder.
    std::string content() const;

    bool holds_text(std::string_view text) const {
        return content().find(text) != std::string::npos;
    }

private:
    std::filesystem::path path_;
};

/// A server on a port of its own, with `tally` at "/t".
class served {
public:
    explicit served(server_options options = {}, std::unique_ptr<store> storage = memory_store());

    std::uint16_t port() const { return running.port(); }

    static app make_site();

    server running;
};

/// One open page.
struct opened {
    std::string cookie;  ///< "stube_session=..."
    std::string conversation;
    std::string revision;
    response page;

    /// The head and body of an event's POST.
    std::string
    post(std::string_view instance_and_member, std::string_view body = {}, std::uint64_t id = 0)
        const;

    /// The head and body of a POST for Back and Forward, with a body such as `to=3`.
    std::string back(std::string_view body = {}, std::uint64_t id = 0) const;

    std::string stream(std::string_view headers = {}) const;

private:
    std::string change(const std::string& path, std::string_view body, std::uint64_t id) const;
};

/// Opens `path`, as the visitor with this cookie if there is one.
opened open_page(std::uint16_t port, std::string_view path = "/t", std::string_view cookie = {});

opened read_page(response page, std::string_view cookie = {});

/// Sends an event to `tally::slow` and waits until it runs.
void send_slow(client& on, const opened& page);

/// Opens the stream of a page and waits for its first heartbeat.
void attach(client& on, const opened& page, std::string_view headers = {});

}  // namespace testing
