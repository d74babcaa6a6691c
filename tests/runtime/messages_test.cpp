#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

struct ear {
    static constexpr std::string_view component = "messages/ear";
    std::string heard = "silence";

    effects start() { return subscribe<&ear::hear>("news"); }

    void hear(std::string what) { heard = what; }

    effects deafen() { return unsubscribe("news"); }

    effects report();

    effects publish_all() { return publish("news", "to all"); }

    effects publish_us() { return publish_here("news", "to us"); }

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(ear, (), (heard, hear, deafen, report, publish_all, publish_us))

/// Has two ears, timers and work. Its id is 1, its ears have 2 and 3.
struct head {
    static constexpr std::string_view component = "messages/head";
    slot<ear> left;
    slot<ear> right;
    keyed<ear> others;
    int n = 0;
    std::string result = "none";

    void add(int by) { n += by; }

    effects whisper() { return send<&ear::hear>(left, "psst"); }

    effects whisper_to_gone() {
        others.erase(1);
        return send_to<&ear::hear>(others.id(1), "psst");
    }

    effects wait() { return after<&head::add>(10s, 1) + after<&head::add>(5s, 100); }

    effects wait_and_throw() { return after<&head::explode>(1s) + after<&head::add>(1s, 1); }

    effects give_up() { return cancel<&head::add>(); }

    void explode() { throw std::runtime_error("boom"); }

    effects work() {
        return run<&head::done>([] { return std::string("worked"); });
    }

    effects work_in_vain() {
        return run<&head::done>(
                   []() -> std::string { throw std::runtime_error("no disk"); }
        ).or_else<&head::failed>();
    }

    effects work_and_forget() {
        return run<&head::done>([]() -> std::string { throw std::runtime_error("no disk"); });
    }

    void done(std::string what) { result = what; }

    void failed(failure why) { result = "failed: " + why.message; }

    effects work_and_leave();

    effects wait_for_all() {
        effects out;
        for (int at = 0; at < 101; ++at)
            out += after<&head::add>(1s, 1);
        return out;
    }

    effects tell_page() {
        return set_title("Heads") + focus_on("name") + scroll_to("name") +
               client_event("nod", "{\"times\":2}") + push_url("/heads?n=1") +
               patch_element("progress", p("50%"));
    }

    markup render() const {
        return section(
            "n ",
            n,
            " result ",
            result,
            left,
            right,
            ul(others),
            button(on<"click", &head::whisper>, "Whisper"),
            button(on<"click", &head::whisper_to_gone>, "Whisper to nobody"),
            button(on<"click", &head::wait>, "Wait"),
            button(on<"click", &head::wait_and_throw>, "Throw later"),
            button(on<"click", &head::give_up>, "Give up"),
            button(on<"click", &head::work>, "Work"),
            button(on<"click", &head::work_in_vain>, "Work in vain"),
            button(on<"click", &head::work_and_forget>, "Work unheard"),
            button(on<"click", &head::work_and_leave>, "Work and leave"),
            button(on<"click", &head::wait_for_all>, "Wait for all"),
            button(on<"click", &head::tell_page>, "Tell page")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    head,
    (),
    (left,
     right,
     others,
     n,
     result,
     add,
     whisper,
     whisper_to_gone,
     wait,
     wait_and_throw,
     give_up,
     explode,
     work,
     work_in_vain,
     work_and_forget,
     done,
     failed,
     work_and_leave,
     wait_for_all,
     tell_page)
)

effects ear::report() {
    return send_up<&head::add>(7);
}

markup ear::render() const {
    return p(
        heard,
        button(on<"click", &ear::deafen>, "Deafen"),
        button(on<"click", &ear::report>, "Report"),
        button(on_parent<"click", &head::add>(3), "Add to parent"),
        button(on<"click", &ear::publish_all>, "Publish"),
        button(on<"click", &ear::publish_us>, "Publish here")
    );
}

effects head::work_and_leave() {
    return run<&head::done>([] { return std::string("late"); }) + become<ear>();
}

/// Its state determines its address.
struct shelf {
    static constexpr std::string_view component = "messages/shelf";
    int page = 1;

    void next() { ++page; }

    void look() {}

    std::string url() const { return "/shelf?page=" + std::to_string(page); }

    markup render() const {
        return p(
            "page ",
            page,
            button(on<"click", &shelf::next>, "Next"),
            button(on<"click", &shelf::look>, "Look")
        );
    }
};
BOOST_DESCRIBE_STRUCT(shelf, (), (page, next, look))

/// Calls itself one level deeper on each click.
struct well {
    static constexpr std::string_view component = "messages/well";
    int depth = 1;

    effects deeper() { return call<well>(depth + 1); }

    markup render() const { return p("depth ", depth, button(on<"click", &well::deeper>, "On")); }
};
BOOST_DESCRIBE_STRUCT(well, (), (depth, deeper))

/// Fills its list with a given number of children.
struct crowd {
    static constexpr std::string_view component = "messages/crowd";
    keyed<shelf> all;

    void fill(int count) {
        std::vector<int> keys;
        for (int key = 0; key < count; ++key)
            keys.push_back(key);
        all.assign(keys, std::identity(), [](int) { return shelf(); });
    }

    markup render() const { return div(ul(all), button(on<"click", &crowd::fill>(1), "Fill")); }
};
BOOST_DESCRIBE_STRUCT(crowd, (), (all, fill))

/// The JSON of the page's commands in the last patches.
std::vector<std::string> commands_of(const test_conversation& t) {
    std::vector<std::string> out;
    for (const auto& each : t.patches()) {
        if (each.kind == patch_kind::command) out.push_back(each.json);
    }
    return out;
}

/// Its number is in its address. A timer increments it.
struct gauge {
    static constexpr std::string_view component = "messages/gauge";
    int n = 0;

    effects start() { return after<&gauge::tick>(1s); }

    void tick() { ++n; }

    std::string url() const { return "/gauge?n=" + std::to_string(n); }

    markup render() const { return p(n); }
};
BOOST_DESCRIBE_STRUCT(gauge, (), (n, start, tick))

struct patient {
    static constexpr std::string_view component = "messages/patient";
    int calls = 0;

    effects start() { return after<&patient::ring>(std::chrono::milliseconds::max()); }

    void ring() { ++calls; }

    markup render() const { return p("calls ", calls); }
};
BOOST_DESCRIBE_STRUCT(patient, (), (calls, start, ring))

struct box {
    std::vector<box> within;
};
BOOST_DESCRIBE_STRUCT(box, (), (within))

struct cave {
    static constexpr std::string_view component = "messages/cave";
    int depth = 0;

    effects start() {
        box outermost;
        for (int made = 1; made < 40; ++made)
            outermost = box{{outermost}};
        return after<&cave::look>(1s, outermost);
    }

    void look(const box& into) {
        depth = 1;
        for (const auto* at = &into; !at->within.empty(); at = &at->within.front())
            ++depth;
    }

    markup render() const { return p(depth, " deep"); }
};
BOOST_DESCRIBE_STRUCT(cave, (), (depth, start, look))

}  // namespace

TEST_CASE("a message to a child arrives in the same turn") {
    test_conversation t{head{}};
    t.click("Whisper");
    CHECK(t.text().contains("psst"));
    CHECK(t.value().revision == 2);
}

TEST_CASE("a child sends up to the nearest component above that has the member") {
    test_conversation t{head{}};
    const auto id = t.value().last_instance;
    CHECK(id == 3);
    const auto done = dispatch(t.value(), {0, 2, "report", "", {}}, {t.now()});
    CHECK(done.verdict == verdict::applied);
    CHECK(static_cast<const head*>(done.next.instances.at(1).state.get())->n == 7);
}

TEST_CASE("a button of a child can send its event to the component above") {
    test_conversation t{head{}};
    CHECK(t.html().find("data-on-click=\"i1.add([3])\"") != std::string::npos);
}

TEST_CASE("publish_here reaches all subscribers of the conversation in the same turn") {
    test_conversation t{head{}};
    const auto done = dispatch(t.value(), {0, 2, "publish_us", "", {}}, {t.now()});
    CHECK(done.outbox.empty());
    for (instance_id id : {2U, 3U})
        CHECK(static_cast<const ear*>(done.next.instances.at(id).state.get())->heard == "to us");
}

TEST_CASE("subscriptions survive a restart") {
    test_conversation t{head{}};
    t.restart().publish("news", "rain");
    CHECK(topics(t.value()) == lines{"news"});
    const auto text = t.text().str();
    CHECK(text.find("rain") != text.rfind("rain"));
}

TEST_CASE("each timer fires once and at its time") {
    test_conversation t{head{}};
    t.click("Wait").advance(4s);
    CHECK(t.text().contains("n 0"));
    t.advance(1s);
    CHECK(t.text().contains("n 100"));
    t.advance(1h);
    CHECK(t.text().contains("n 101"));
    CHECK_FALSE(next_due(t.value()));
}

TEST_CASE("a timer with the longest delay never fires") {
    test_conversation t{patient{}};
    CHECK(t.text() == "calls 0");
    t.advance(24h * 365);
    CHECK(t.text() == "calls 0");
}

TEST_CASE("the arguments of a timer may nest as deep as state") {
    test_conversation t{cave{}};
    CHECK(t.text() == "0 deep");
    t.advance(1s);
    CHECK(t.text() == "40 deep");
}

TEST_CASE("a cancelled timer does not fire") {
    test_conversation t{head{}};
    t.click("Wait").click("Give up").advance(1h);
    CHECK(t.text().contains("n 0"));
}

TEST_CASE("timers survive a restart and overdue ones fire once") {
    test_conversation t{head{}};
    t.click("Wait").restart();
    const auto late = fire_timers(t.value(), {t.now() + 24h});
    CHECK(static_cast<const head*>(late.next.top().state.get())->n == 101);
    CHECK_FALSE(next_due(late.next));
    t.advance(1h);
    CHECK(t.text().contains("n 101"));
}

TEST_CASE("a timer whose member throws is spent and the others fire") {
    test_conversation t{head{}};
    t.click("Throw later").advance(1s);
    CHECK(t.text().contains("n 1"));
    CHECK(t.error() == "boom");
    CHECK_FALSE(next_due(t.value()));
}

TEST_CASE("the result of work arrives at its member") {
    test_conversation t{head{}};
    t.click("Work");
    CHECK(t.waiting_work() == 1);
    CHECK(t.run_work().text().contains("result worked"));
    CHECK(unfinished_work(t.value()).empty());
}

TEST_CASE("work that throws arrives as a failure") {
    test_conversation t{head{}};
    t.click("Work in vain").run_work();
    CHECK(t.text().contains("result failed: "));
    CHECK_FALSE(t.text().contains("no disk"));
}

TEST_CASE("work that fails without a handler shows a message") {
    test_conversation t{head{}};
    t.click("Work unheard").run_work();
    CHECK(t.notices().size() == 1);
    CHECK(t.text().contains("result none"));
}

TEST_CASE("the result of work for a component that has left is dropped") {
    test_conversation t{head{}};
    t.click("Work and leave");
    const auto before = t.value().revision;
    t.run_work();
    CHECK(t.value().revision == before);
    CHECK(t.text().contains("silence"));
}

TEST_CASE("the page receives the commands of a component in order") {
    test_conversation t{head{}};
    t.click("Tell page");
    CHECK(t.title() == "Heads");
    CHECK(t.url() == "/heads?n=1");
    CHECK(t.client_events() == lines{"nod {\"times\":2}"});
    CHECK(
        commands_of(t) ==
        lines{
            "{\"step\":2,\"push\":true}",
            "{\"title\":\"Heads\"}",
            "{\"focus\":\"i1-name\"}",
            "{\"scroll\":\"i1-name\"}",
            "{\"event\":\"nod\",\"detail\":{\"times\":2}}",
            "{\"url\":\"/heads?n=1\",\"push\":true}"
        }
    );
    const auto& last = t.patches().back();
    CHECK(last.kind == patch_kind::element);
    CHECK(last.target == 1);
    CHECK(last.list == "progress");
    CHECK(last.content.text() == "<p id=\"i1-progress\">50%</p>");
}

TEST_CASE("the address follows the state of the root and is sent once per change") {
    test_conversation t{shelf{}};
    CHECK(t.value().url == "/shelf?page=1");
    CHECK(commands_of(t).empty());
    t.click("Next");
    CHECK(commands_of(t) == lines{"{\"url\":\"/shelf?page=2\",\"push\":false}"});
    t.click("Look");
    CHECK(commands_of(t).empty());
}

TEST_CASE("calls nest sixty-four deep in one place and no deeper") {
    test_conversation t{well{}};
    for (int depth = 1; depth < 64; ++depth)
        t.click("On");
    CHECK(t.text().contains("depth 64"));
    t.click("On");
    CHECK(t.failed());
    CHECK(t.error() == "stube: calls nest too deep");
    CHECK(t.text().contains("depth 64"));
}

TEST_CASE("a component waits for at most a hundred things at a time") {
    test_conversation t{head{}};
    t.click("Wait for all");
    CHECK(t.failed());
    CHECK(
        t.error() ==
        "stube: messages/head has too many timers, subscriptions and pieces of work at a time"
    );
}

TEST_CASE("a conversation holds at most ten thousand components") {
    const environment env{time_point(1s)};
    conversation fresh;
    fresh.id = "c";
    auto now = begin(fresh, call<crowd>().release(), env).next;
    auto full = dispatch(now, {0, 1, "fill", "[9999]", {}}, env);
    CHECK(full.verdict == verdict::applied);
    CHECK(full.next.instances.size() == 10'000);
    auto over = dispatch(now, {0, 1, "fill", "[10000]", {}}, env);
    CHECK(over.verdict == verdict::failed);
    CHECK(over.error == "stube: messages/shelf: there are too many components in one conversation");
}

TEST_CASE("the address follows the state when a timer changes it") {
    test_conversation t{gauge{}};
    CHECK(t.text().contains("0"));

    t.advance(1s);

    CHECK(t.url() == "/gauge?n=1");
    CHECK(t.value().past.empty());
}
