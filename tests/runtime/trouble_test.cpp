#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Errors of components while no user waits for an answer, and forbidden uses of slots and lists.
using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

enum class trouble { none, at_result, at_failure_too };
BOOST_DESCRIBE_ENUM(trouble, none, at_result, at_failure_too)

struct question {
    static constexpr std::string_view component = "trouble/question";

    answers<> yes() { return answer(); }

    markup render() const { return p("Sure?", button(on<"click", &question::yes>, "Yes")); }
};
BOOST_DESCRIBE_STRUCT(question, (), (yes))

struct lab {
    static constexpr std::string_view component = "trouble/lab";
    trouble expected = trouble::none;
    std::string story;
    bool is_running = false;

    effects begin() {
        is_running = true;
        return run<&lab::ready>([] { return 7; }).or_else<&lab::failed>();
    }

    effects ask() { return call<question>(); }

    void ready(int) {
        is_running = false;
        if (expected == trouble::at_result || expected == trouble::at_failure_too)
            throw std::runtime_error("no disk");
        story += "ready;";
    }

    void failed(const failure& why) {
        is_running = false;
        if (expected == trouble::at_failure_too) throw std::runtime_error("no disk either");
        story += why.message + ";";
    }

    void add(int, int) {}

    markup render() const {
        return p(
            story,
            is_running ? "running" : "idle",
            button(on<"click", &lab::begin>, "Begin"),
            button(on<"click", &lab::ask>, "Ask")
        );
    }
};
BOOST_DESCRIBE_STRUCT(lab, (), (expected, story, is_running, begin, ask, ready, failed, add))

struct egg_timer {
    static constexpr std::string_view component = "trouble/egg_timer";
    bool is_broken = false;

    effects start() { return after<&egg_timer::ring>(1s); }

    void ring() { is_broken = true; }

    markup render() const {
        if (is_broken) throw std::runtime_error("broken glass");
        return p("ticking");
    }
};
BOOST_DESCRIBE_STRUCT(egg_timer, (), (is_broken, start, ring))

struct listener {
    static constexpr std::string_view component = "trouble/listener";
    int heard = 0;

    effects start() { return subscribe<&listener::hear>("day"); }

    effects tell() { return publish_here("day", std::string("Monday")); }

    void hear(int day) { heard = day; }

    markup render() const { return p(heard, button(on<"click", &listener::tell>, "Tell")); }
};
BOOST_DESCRIBE_STRUCT(listener, (), (heard, start, tell, hear))

struct pane {
    static constexpr std::string_view component = "trouble/pane";
    int number = 0;
    std::string words;

    markup render() const { return p(number, words); }
};
BOOST_DESCRIBE_STRUCT(pane, (), (number, words))

struct desk {
    static constexpr std::string_view component = "trouble/desk";
    slot<pane> left, right;
    keyed<pane> rows, archive;

    void start() { rows.push_back(1, pane{1, ""}); }

    void copy() { right = left; }

    void swap() { std::swap(left, right); }

    void put_away() { archive = std::move(rows); }

    void add() { rows.push_back(2, pane{2, ""}); }

    markup render() const {
        return div(
            left,
            right,
            div(rows),
            button(on<"click", &desk::copy>, "Copy"),
            button(on<"click", &desk::swap>, "Swap"),
            button(on<"click", &desk::put_away>, "Put away"),
            button(on<"click", &desk::add>, "Add")
        );
    }
};
BOOST_DESCRIBE_STRUCT(desk, (), (left, right, rows, archive, start, copy, swap, put_away, add))

/// Answers in its start hook, before its owner starts.
struct eager {
    static constexpr std::string_view component = "trouble/eager";

    answers<> start() { return answer(); }

    markup render() const { return p("eager"); }
};
BOOST_DESCRIBE_STRUCT(eager, (), (start))

struct passing {
    static constexpr std::string_view component = "trouble/passing";
    static inline std::vector<std::string> log;
    slot<eager> child = slot<eager>().then<&passing::leave>();

    void start() { log.push_back("start"); }

    void stop() { log.push_back("stop"); }

    answers<> leave() { return answer(); }

    markup render() const { return div(child); }
};
BOOST_DESCRIBE_STRUCT(passing, (), (child, start, leave))

struct lobby {
    static constexpr std::string_view component = "trouble/lobby";

    effects enter() { return call<passing>(); }

    markup render() const { return p("lobby", button(on<"click", &lobby::enter>, "Enter")); }
};
BOOST_DESCRIBE_STRUCT(lobby, (), (enter))

/// `pane` in the next release.
struct next_pane {
    static constexpr std::string_view component = "trouble/next_pane";
    int number = 0;
    std::string words;
    bool is_bold = false;

    markup render() const { return p(number, words); }
};
BOOST_DESCRIBE_STRUCT(next_pane, (), (number, words, is_bold))

template <class C>
std::string initial_state_key(const C& state) {
    return type_of<C>().initial_state_key(&state);
}

void replace(record& in, std::string_view what, std::string_view by) {
    for (auto& each : in.parts) {
        const auto at = each.body.find(what);
        if (at != std::string::npos) each.body.replace(at, what.size(), by);
    }
}

record stored(const conversation& of) {
    auto written = encode_change(nullptr, of, true);
    return {written.id, written.revision, written.status, std::move(written.written)};
}

}  // namespace

TEST_CASE("a component whose member throws on the result of work gets a failure instead") {
    test_conversation t{call<lab>(trouble::at_result)};

    t.click("Begin").run_work();

    CHECK(t.text().contains("This could not be completed.;idle"));
    CHECK(t.error() == "no disk");
    CHECK(unfinished_work(t.value()).empty());
}

TEST_CASE("the page shows a message when neither a result nor its failure can be delivered") {
    test_conversation t{call<lab>(trouble::at_failure_too)};

    t.click("Begin").run_work();

    CHECK(t.notices() == std::vector<std::string>{"This could not be completed."});
    CHECK(t.error() == "no disk");
    CHECK(unfinished_work(t.value()).empty());
}

TEST_CASE("a failure that its stored member no longer takes is shown on the page") {
    test_conversation t{lab{}};
    t.click("Begin");
    auto from = stored(t.value());
    replace(from, "\"ready\",\"failed\"", "\"ready\",\"add\"");

    const auto number = unfinished_work(t.value()).front();
    const auto came = fail_work(decode_conversation(from), number, {"Interrupted"}, {});

    CHECK(came.verdict == verdict::applied);
    CHECK(unfinished_work(came.next).empty());
    REQUIRE(!came.patches.empty());
    CHECK(std::string(came.patches.back().content.text()).find("Interrupted") != std::string::npos);
}

TEST_CASE("a result that its stored member no longer takes becomes a failure") {
    test_conversation t{lab{}};
    t.click("Begin");
    auto from = stored(t.value());
    replace(from, "\"ready\",\"failed\"", "\"add\",\"failed\"");

    const auto number = unfinished_work(t.value()).front();
    const auto came = finish_work(decode_conversation(from), number, answer_value(7), {});

    CHECK(came.verdict == verdict::applied);
    CHECK(came.error == "stube: add cannot take an answer");
    const auto* left = static_cast<const lab*>(came.next.top().state.get());
    CHECK(left->story == "This could not be completed.;");
}

TEST_CASE("Back to a step that waits for finished work reports an interruption") {
    test_conversation t{lab{}};
    t.click("Begin").click("Ask").run_work();

    t.back();

    CHECK(t.text().contains("This was interrupted.;idle"));
    CHECK(unfinished_work(t.value()).empty());
}

TEST_CASE("Back does not interrupt work that is still running") {
    test_conversation t{lab{}};
    t.click("Begin").click("Ask").back();
    CHECK(t.text().contains("running"));

    t.run_work();

    CHECK(t.text().contains("ready;idle"));
}

TEST_CASE("the clock advances past a timer whose page cannot be rendered") {
    test_conversation t{egg_timer{}};
    CHECK(t.text().contains("ticking"));

    t.advance(1h);

    CHECK(t.failed());
    CHECK(t.error() == "broken glass");
}

TEST_CASE("a message with wrong arguments is a failure of the component and not of the browser") {
    test_conversation t{listener{}};

    t.click("Tell");

    CHECK(t.failed());
    CHECK(t.error() == "stube: a message has other arguments than hear takes");
}

TEST_CASE("moving children between slots and lists is refused") {
    for (const auto* act : {"Copy", "Swap", "Put away"}) {
        CAPTURE(act);
        test_conversation t{desk{}};

        t.click(act);

        CHECK(t.failed());
        CHECK(
            t.error() ==
            "stube: trouble/desk moved or copied a child to another slot or list; a child "
            "must stay in its own"
        );
        t.click("Add").restart();
        CHECK(t.value().instances.size() == 5);
    }
}

TEST_CASE("a component that leaves before it has started is not stopped") {
    passing::log.clear();
    test_conversation t{lobby{}};

    t.click("Enter");

    CHECK(t.text().contains("lobby"));
    CHECK(passing::log.empty());
}

TEST_CASE("a member that a release adds does not restart the children of a list") {
    CHECK(initial_state_key(pane{7, "x"}) == initial_state_key(next_pane{7, "x", false}));
    CHECK(initial_state_key(pane{7, "x"}) != initial_state_key(pane{7, "y"}));
    CHECK(initial_state_key(pane{7, "x"}) != initial_state_key(next_pane{7, "x", true}));
    CHECK(initial_state_key(pane{7, ""}) == R"({"number":7})");
}
