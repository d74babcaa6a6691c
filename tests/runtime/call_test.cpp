#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

/// The application's object: records in order what the components of a test did.
struct diary {
    std::vector<std::string> lines;

    void write(std::string line) { lines.push_back(std::move(line)); }
};

using lines = std::vector<std::string>;

/// Answers a number, answers twice, fails or throws: one event for each.
struct teller {
    static constexpr std::string_view component = "call/teller";
    using answer_type = int;
    int number = 7;

    answers<int> tell() { return answer(number); }

    effects give_up() { return fail("The teller is tired"); }

    effects crash() { return fail_because("The teller is out", "socket closed"); }

    answers<int> twice() { return answers<int>(answer(1)) + answer(2); }

    void explode() { throw std::runtime_error("boom"); }

    void explode_oddly() { throw 7; }

    markup render() const {
        return p(
            "Teller ",
            number,
            button(on<"click", &teller::tell>, "Tell"),
            button(on<"click", &teller::give_up>, "Give up"),
            button(on<"click", &teller::crash>, "Crash"),
            button(on<"click", &teller::twice>, "Twice"),
            button(on<"click", &teller::explode>, "Explode"),
            button(on<"click", &teller::explode_oddly>, "Explode oddly")
        );
    }
};
BOOST_DESCRIBE_STRUCT(teller, (), (number, tell, give_up, crash, twice, explode, explode_oddly))

/// A task that answers the teller's number plus one.
struct clerk {
    static constexpr std::string_view component = "call/clerk";
    using answer_type = int;

    effects start() { return call<teller>(1).then<&clerk::told>(); }

    answers<int> told(int number) { return answer(number + 1); }
};
BOOST_DESCRIBE_STRUCT(clerk, (), (told))

/// Leaves at once and lets a teller answer in its place.
struct stand_in {
    static constexpr std::string_view component = "call/stand_in";
    using answer_type = int;

    effects start() { return become<teller>(30); }
};
BOOST_DESCRIBE_STRUCT(stand_in, (), ())

/// Answers without a value.
struct bell {
    static constexpr std::string_view component = "call/bell";

    answers<> ring() { return answer(); }

    markup render() const { return p(button(on<"click", &bell::ring>, "Ring")); }
};
BOOST_DESCRIBE_STRUCT(bell, (), (ring))

/// Answers as soon as it starts.
struct echo {
    static constexpr std::string_view component = "call/echo";
    using answer_type = std::string;
    std::string word;

    answers<std::string> start() { return answer(word); }
};
BOOST_DESCRIBE_STRUCT(echo, (), (word))

struct customer {
    static constexpr std::string_view component = "call/customer";
    std::string heard = "nothing";

    effects ask() { return call<teller>().then<&customer::told>().or_else<&customer::refused>(); }

    effects ask_only() { return call<teller>().then<&customer::told>(); }

    effects ask_clerk() { return call<clerk>().then<&customer::told>(); }

    effects ask_stand_in() { return call<stand_in>().then<&customer::told>(); }

    effects ask_echo() { return call<echo>("hello").then<&customer::echoed>(); }

    effects ask_and_forget() { return call<teller>(); }

    effects ring() { return call<bell>().then<&customer::rung>(); }

    effects ask_twice() { return call<teller>().then<&customer::asked_again>(); }

    effects asked_again(int) { return ask(); }

    void told(int number) { heard = std::to_string(number); }

    void refused(failure why) { heard = "refused: " + why.message; }

    void echoed(const std::string& word) { heard = word; }

    void rung() { heard = "a bell"; }

    effects leave() { return end(p("Bye")); }

    effects quit() { return end(); }

    markup render() const {
        return section(
            p("Heard ", heard),
            button(on<"click", &customer::ask>, "Ask"),
            button(on<"click", &customer::ask_only>, "Ask only"),
            button(on<"click", &customer::ask_clerk>, "Ask clerk"),
            button(on<"click", &customer::ask_stand_in>, "Ask stand-in"),
            button(on<"click", &customer::ask_echo>, "Ask echo"),
            button(on<"click", &customer::ask_and_forget>, "Ask and forget"),
            button(on<"click", &customer::ask_twice>, "Ask twice"),
            button(on<"click", &customer::ring>, "Ring for"),
            button(on<"click", &customer::leave>, "Leave"),
            button(on<"click", &customer::quit>, "Quit")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    customer,
    (),
    (heard,
     ask,
     ask_only,
     ask_clerk,
     ask_stand_in,
     ask_echo,
     ask_and_forget,
     ring,
     ask_twice,
     asked_again,
     told,
     refused,
     echoed,
     rung,
     leave,
     quit)
)

/// A task that does not name the member that takes the answer.
struct forgetful {
    static constexpr std::string_view component = "call/forgetful";

    effects start() { return call<teller>(); }
};
BOOST_DESCRIBE_STRUCT(forgetful, (), ())

struct tower {
    static constexpr std::string_view component = "call/tower";

    effects start() { return call<tower>(); }
};
BOOST_DESCRIBE_STRUCT(tower, (), ())

struct wheel {
    static constexpr std::string_view component = "call/wheel";

    effects start() { return call<echo>("on").then<&wheel::turn>(); }

    effects turn() { return start(); }
};
BOOST_DESCRIBE_STRUCT(wheel, (), (turn))

struct idle_task {
    static constexpr std::string_view component = "call/idle_task";

    void start() {}
};
BOOST_DESCRIBE_STRUCT(idle_task, (), ())

/// Writes its hooks into the diary.
struct tenant {
    static constexpr std::string_view component = "call/tenant";
    std::string name = "tenant";
    int woken = 0;

    void start(context& c) { c.app<diary>().write(name + " starts"); }

    void stop(context& c) { c.app<diary>().write(name + " stops"); }

    void wakeup(context& c) {
        ++woken;
        c.app<diary>().write(name + " wakes");
    }

    effects invite() { return call<tenant>(name + "'s guest"); }

    effects move_out() { return become<tenant>("next"); }

    answers<> leave() { return answer(); }

    effects burn() { return end(); }

    effects give_up() { return fail("No room"); }

    markup render() const {
        return p(
            name,
            " ",
            woken,
            button(on<"click", &tenant::invite>, "Invite"),
            button(on<"click", &tenant::move_out>, "Move out"),
            button(on<"click", &tenant::leave>, "Leave"),
            button(on<"click", &tenant::burn>, "Burn"),
            button(on<"click", &tenant::give_up>, "Give up")
        );
    }
};
BOOST_DESCRIBE_STRUCT(tenant, (), (name, woken, invite, move_out, leave, burn, give_up))

/// Calls or ends in its wakeup hook.
struct dreamer {
    static constexpr std::string_view component = "call/dreamer";
    bool calls = true;

    effects wakeup() {
        if (calls) return call<bell>();
        return end(p("Over"));
    }

    effects ring() { return call<bell>(); }

    markup render() const { return p("Dreaming", button(on<"click", &dreamer::ring>, "Ring for")); }
};
BOOST_DESCRIBE_STRUCT(dreamer, (), (calls, ring))

struct bad_guest {
    static constexpr std::string_view component = "call/bad_guest";
    bool explodes_at_start = false;

    void start() {
        if (explodes_at_start) throw std::runtime_error("no start");
    }

    void stop() { throw std::runtime_error("no stop"); }

    answers<> leave() { return answer(); }

    markup render() const {
        return p("Bad guest", button(on<"click", &bad_guest::leave>, "Leave"));
    }
};
BOOST_DESCRIBE_STRUCT(bad_guest, (), (explodes_at_start, leave))

struct base_page {
    int n = 0;

    void inc() { ++n; }

    effects ask() { return call<teller>(5).then<&base_page::told>(); }

    void told(int number) { n = number; }
};
BOOST_DESCRIBE_STRUCT(base_page, (), (n, inc, ask, told))

struct unrelated {
    long padding = 1;
};
BOOST_DESCRIBE_STRUCT(unrelated, (), (padding))

/// Its events and resumes belong to a base that is not its first.
struct derived_page : unrelated, base_page {
    static constexpr std::string_view component = "call/derived_page";

    markup render() const {
        return p(
            n,
            " ",
            padding,
            button(on<"click", &base_page::inc>, "+"),
            button(on<"click", &base_page::ask>, "Ask")
        );
    }
};
BOOST_DESCRIBE_STRUCT(derived_page, (unrelated, base_page), ())

std::string_view heard(const test_conversation& t) {
    return static_cast<const customer*>(t.value().stack().front()->state.get())->heard;
}

}  // namespace

TEST_CASE("a call suspends the caller and shows the callee") {
    test_conversation t{customer{}};
    t.click("Ask");
    CHECK(t.value().stack().size() == 2);
    CHECK(t.text().contains("Teller 7"));
    CHECK_FALSE(t.text().contains("Heard"));
}

TEST_CASE("an answer goes to the member that waits for it") {
    test_conversation t{customer{}};
    t.click("Ask").click("Tell");
    CHECK(t.value().stack().size() == 1);
    CHECK(heard(t) == "7");
}

TEST_CASE("an answer without a value goes to a member without a parameter") {
    test_conversation t{customer{}};
    t.click("Ring for").click("Ring");
    CHECK(heard(t) == "a bell");
}

TEST_CASE("an answer that no member waits for shows the caller again") {
    test_conversation t{customer{}};
    t.click("Ask and forget").click("Tell");
    CHECK(t.last() == verdict::applied);
    CHECK(heard(t) == "nothing");
    CHECK(t.text().contains("Heard nothing"));
}

TEST_CASE("a callee may answer before it is first shown") {
    test_conversation t{customer{}};
    t.click("Ask echo");
    CHECK(heard(t) == "hello");
    CHECK(t.value().stack().size() == 1);
    CHECK(t.value().last_instance == 2);
}

TEST_CASE("a resume may call again") {
    test_conversation t{customer{}};
    t.click("Ask twice").click("Tell");
    CHECK(t.text().contains("Teller 7"));
    t.click("Tell");
    CHECK(heard(t) == "7");
}

TEST_CASE("a failure goes to the member that waits for it") {
    test_conversation t{customer{}};
    t.click("Ask").click("Give up");
    CHECK(heard(t) == "refused: The teller is tired");
    CHECK(t.notices().empty());
    CHECK(t.error() == "");
}

TEST_CASE("a failure that no member waits for is shown above the caller") {
    test_conversation t{customer{}};
    t.click("Ask only").click("Give up");
    CHECK(t.last() == verdict::applied);
    CHECK(t.notices() == lines{"The teller is tired"});
    CHECK(heard(t) == "nothing");

    t.click("Ask");
    CHECK(t.notices().empty());
}

TEST_CASE("the inner reason of a failure goes to the log and not to the user") {
    test_conversation t{customer{}};
    t.click("Ask").click("Crash");
    CHECK(t.error() == "socket closed");
    CHECK(heard(t) == "refused: The teller is out");
    CHECK_FALSE(t.text().contains("socket"));
}

TEST_CASE("an answer passes through a task") {
    test_conversation t{customer{}};
    t.click("Ask clerk");
    CHECK(t.value().stack().size() == 3);
    CHECK(t.text().contains("Teller 1"));
    t.click("Tell");
    CHECK(heard(t) == "2");
}

TEST_CASE("a failure passes through a task that does not handle it") {
    test_conversation t{customer{}};
    t.click("Ask clerk").click("Give up");
    CHECK(t.value().stack().size() == 1);
    CHECK(t.notices() == lines{"The teller is tired"});
}

TEST_CASE("the successor of a component answers in its place") {
    test_conversation t{customer{}};
    t.click("Ask stand-in");
    CHECK(t.value().stack().size() == 2);
    CHECK(t.text().contains("Teller 30"));
    t.click("Tell");
    CHECK(heard(t) == "30");
}

TEST_CASE("the root's answer ends the conversation") {
    test_conversation t{teller{}};
    t.click("Tell");
    CHECK(t.ended());
    CHECK(t.text() == "Finished\nStart again");
    CHECK(t.value().instances.empty());
}

TEST_CASE("the root's failure ends the conversation with its message") {
    test_conversation t{teller{}};
    t.click("Crash");
    CHECK(t.ended());
    CHECK(t.text() == "The teller is out\nStart again");
    CHECK(t.error() == "socket closed");
}

TEST_CASE("a failure with only tasks below it ends the conversation") {
    test_conversation t{clerk{}};
    t.click("Give up");
    CHECK(t.ended());
    CHECK(t.text() == "The teller is tired\nStart again");
}

TEST_CASE("the end removes the whole stack") {
    test_conversation t{customer{}};
    t.click("Leave");
    CHECK(t.ended());
    CHECK(t.text() == "Bye");

    test_conversation plain{customer{}};
    CHECK(plain.click("Quit").text() == "Finished\nStart again");
}

TEST_CASE("a root may end before it is first shown") {
    test_conversation t{call<echo>("x")};
    CHECK(t.text() == "Finished\nStart again");
    CHECK(t.ended());
}

TEST_CASE("a handler can leave only once") {
    test_conversation t{customer{}};
    t.click("Ask").click("Twice");
    CHECK(t.failed());
    CHECK(
        t.error() ==
        "stube: a handler can call, answer, fail, become, end or go back only once, and last"
    );
    CHECK(t.value().stack().size() == 2);
}

TEST_CASE("a task must name the member that takes an answer") {
    test_conversation t{forgetful{}};
    t.click("Tell");
    CHECK(t.failed());
    CHECK(t.error() == "stube: call/forgetful is a task: each of its calls needs .then<...>()");
}

TEST_CASE("a task that calls no component has no page") {
    test_conversation t{idle_task{}};
    CHECK(t.failed());
    CHECK(t.error().starts_with("stube: call/idle_task has no render()"));
}

TEST_CASE("calls nest up to a limit") {
    test_conversation t{tower{}};
    CHECK(t.failed());
    CHECK(t.error() == "stube: calls nest too deep");
}

TEST_CASE("calls and answers without end are a failure") {
    test_conversation t{wheel{}};
    CHECK(t.failed());
    CHECK(t.error() == "stube: components call each other without end");
}

TEST_CASE("a handler that throws changes nothing") {
    test_conversation t{customer{}};
    t.click("Ask");
    const auto before = encode_change(nullptr, t.value(), false);

    t.click("Explode");
    CHECK(t.failed());
    CHECK(t.error() == "boom");

    t.click("Explode oddly");
    CHECK(t.failed());
    CHECK(t.error() == "an exception that is not a std::exception");
    CHECK(encode_change(nullptr, t.value(), false).written == before.written);
}

TEST_CASE("events and resumes may belong to a base class") {
    test_conversation t{derived_page{}};
    t.click("+").click("+");
    CHECK(t.text().contains("2 1"));
    t.click("Ask").click("Tell");
    CHECK(t.text().contains("5 1"));
    CHECK(t.restart().text().contains("5 1"));
}

TEST_CASE("a restart after every event leads to the same states") {
    const std::vector<std::string> names{
        "ask",
        "ask_only",
        "ask_clerk",
        "ask_stand_in",
        "ask_echo",
        "ask_and_forget",
        "ask_twice",
        "ring",
        "tell",
        "lie",
        "shrug",
        "give_up",
        "twice",
        "explode",
        "told"
    };
    const environment env{time_point(std::chrono::hours(1))};
    auto text = [](const conversation& c) {
        std::string out;
        for (const auto& each : encode_change(nullptr, c, false).written)
            out += each.name + each.body;
        return out;
    };
    for (unsigned seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        auto straight = test_conversation(customer{}).value();
        auto restarted = straight;
        for (event_id id = 1; id <= 40; ++id) {
            event what{id, straight.top().id, names[random() % names.size()], "", {}};
            auto one = dispatch(straight, what, env);
            auto other = dispatch(restarted, what, env);
            REQUIRE(one.verdict == other.verdict);
            if (one.verdict != verdict::applied) continue;
            straight = one.next;
            auto stored = encode_change(nullptr, other.next, false);
            restarted =
                decode_conversation({stored.id, stored.revision, stored.status, stored.written});
            REQUIRE(text(straight) == text(restarted));
        }
        CHECK(straight.revision > 1);
    }
}

// --- hooks

TEST_CASE("a component starts once and stops once") {
    diary d;
    test_conversation t{tenant{}};
    t.provide(d);

    t.click("Invite").click("Leave");
    CHECK(d.lines == lines{"tenant starts", "tenant's guest starts", "tenant's guest stops"});

    t.click("Leave");
    CHECK(t.ended());
    CHECK(d.lines.back() == "tenant stops");
    CHECK(d.lines.size() == 4);
}

TEST_CASE("the end stops every component from the top down") {
    diary d;
    test_conversation t{tenant{}};
    t.provide(d).click("Invite").click("Burn");
    CHECK(
        d.lines ==
        lines{"tenant starts", "tenant's guest starts", "tenant's guest stops", "tenant stops"}
    );
}

TEST_CASE("a component that fails is stopped") {
    diary d;
    test_conversation t{tenant{}};
    t.provide(d).click("Invite").click("Give up");
    CHECK(d.lines.back() == "tenant's guest stops");
    CHECK(t.notices() == lines{"No room"});
}

TEST_CASE("become starts the new component before it stops the old one") {
    diary d;
    test_conversation t{tenant{}};
    t.provide(d).click("Move out");
    CHECK(d.lines == lines{"tenant starts", "next starts", "tenant stops"});
    CHECK(t.text().contains("next 0"));
}

TEST_CASE("after a restart the wakeup hook of every component runs once from the root up") {
    diary d;
    test_conversation t{tenant{}};
    t.provide(d).click("Invite");
    d.lines.clear();

    t.restart();

    CHECK(d.lines == lines{"tenant wakes", "tenant's guest wakes"});
    CHECK(t.text().contains("tenant's guest 1"));
    CHECK(t.value().revision == 3);
    CHECK(t.click("Leave").text().contains("tenant 1"));
}

TEST_CASE("a wakeup hook may call or end") {
    test_conversation t{dreamer{true}};
    CHECK(t.text() == "Dreaming Ring for");
    CHECK(t.restart().text() == "Ring");

    test_conversation other{dreamer{false}};
    CHECK(other.text() == "Dreaming Ring for");
    CHECK(other.restart().text() == "Over");
    CHECK(other.ended());
}

TEST_CASE("a component that waits for an answer cannot call in its wakeup hook") {
    test_conversation t{dreamer{}};
    t.click("Ring for").restart();
    CHECK(t.failed());
    CHECK(t.text().contains("Ring"));
    CHECK(t.value().revision == 2);
}

TEST_CASE("a start hook that throws undoes the whole turn") {
    test_conversation t{bad_guest{true}};
    CHECK(t.failed());
    CHECK(t.error() == "no start");
}

TEST_CASE("a stop hook that throws undoes nothing") {
    test_conversation t{bad_guest{}};
    t.click("Leave");
    CHECK(t.ended());
    CHECK_FALSE(t.failed());
    CHECK(t.error() == "stop failed: no stop");
}

TEST_CASE("expiry requests a stop of every component from the top down") {
    diary d;
    test_conversation t{tenant{}};
    t.provide(d).click("Invite");
    d.lines.clear();
    const auto over = expire(t.value(), "It is late.");
    CHECK(d.lines.empty());
    CHECK(over.verdict == verdict::ended);
    const app_objects objects(d);
    for (const auto& each : over.outbox)
        run_stop(std::get<command::stop>(each), over.next, {t.now(), &objects});
    CHECK(d.lines == lines{"tenant's guest stops", "tenant stops"});
}
