#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct leaf {
    int n = 0;
    std::vector<leaf> below;
};
BOOST_DESCRIBE_STRUCT(leaf, (), (n, below))

struct note {
    static constexpr std::string_view component = "stored/note";
    std::string body = "€ \"x\"\n";
    field<int> pages;
    std::optional<leaf> root;
    double share = 0;

    effects ask() {
        return call<ui::confirm>("Sure?").then<&note::sure>().or_else<&note::unsure>();
    }

    void sure(bool) { body += "!"; }

    void unsure() { body = ""; }

    void grow() {
        leaf top;
        for (int i = 0; i < 150; ++i)
            top = leaf{i, {top}};
        root = top;
    }

    void spoil() { share = 0.0 / (share - share); }

    markup render() const {
        return p(
            body,
            input(bind<&note::pages>(*this)),
            button(on<"click", &note::ask>, "Ask"),
            button(on<"click", &note::grow>, "Grow"),
            button(on<"click", &note::spoil>, "Spoil")
        );
    }
};
BOOST_DESCRIBE_STRUCT(note, (), (body, pages, root, share, ask, sure, unsure, grow, spoil))

/// Its codec throws std::out_of_range when it decodes.
struct fussy_value {
    int n = 0;
};

struct fussy {
    static constexpr std::string_view component = "stored/fussy";
    fussy_value value;

    markup render() const { return p("fussy"); }
};

std::vector<std::string> names(const std::vector<part>& parts) {
    std::vector<std::string> out;
    for (const auto& each : parts)
        out.push_back(each.name);
    return out;
}

using strings = std::vector<std::string>;

record as_record(const change& from) {
    return {from.id, from.revision, from.status, from.written};
}

record stored(const conversation& c) {
    return as_record(encode_change(nullptr, c, false));
}

/// A conversation with a question on top of a note.
conversation asked() {
    test_conversation t{note{}};
    t.fill<&note::pages>("x").click("Ask");
    return t.value();
}

std::string body_of(const record& r, std::string_view name) {
    auto found = std::ranges::find(r.parts, name, &part::name);
    return found == r.parts.end() ? "" : found->body;
}

std::string& body(record& r, std::string_view name) {
    return std::ranges::find(r.parts, name, &part::name)->body;
}

void replace(std::string& in, std::string_view from, std::string_view to) {
    auto at = in.find(from);
    REQUIRE(at != in.npos);
    in.replace(at, from.size(), to);
}

struct drawer {
    static constexpr std::string_view component = "stored/drawer";
    std::string label;
    bool is_open = false;

    void pull() { is_open = !is_open; }

    markup render() const {
        return li(button(on<"click", &drawer::pull>, label), when(is_open, " open"));
    }
};
BOOST_DESCRIBE_STRUCT(drawer, (), (label, is_open, pull))

struct chest {
    static constexpr std::string_view component = "stored/chest";
    slot<drawer> top{drawer{"Top"}};
    keyed<drawer> others;

    void start() {
        others.push_back(1, drawer{"One"});
        others.push_back(2, drawer{"Two"});
    }

    markup render() const { return div(top, ul(others)); }
};
BOOST_DESCRIBE_STRUCT(chest, (), (top, others, start))

}  // namespace

template <>
struct stube::codec<fussy_value> {
    static boost::json::value encode(const fussy_value& from) { return from.n; }

    static void decode(fussy_value&, const boost::json::value&) { throw std::out_of_range("no"); }
};

namespace {
BOOST_DESCRIBE_STRUCT(fussy, (), (value))
}

TEST_CASE("a conversation is stored as a head and one part for each instance and older version") {
    auto r = stored(asked());
    CHECK(r.id == "test");
    CHECK(r.revision == 2);
    CHECK(r.status == record_status::kept);
    // The second part is the note with the typed text before the call, which Back returns to.
    CHECK(names(r.parts) == strings{"head", "i1_4", "i1", "i2"});
    CHECK(
        body_of(r, "head") ==
        "{\"as_of\":{\"revision\":2,\"touched\":1767268800000,"
        "\"applied\":[\"0000000000000001\"]},\"format\":2,\"owner\":\"test\","
        "\"principal\":\"\",\"mount\":\"/\",\"url\":\"\",\"last_instance\":2,\"root\":1,\"step\":2,"
        "\"last_step\":2,\"past\":[[1,4,1]],\"future\":[],\"created\":1767268800000,"
        "\"shapes\":{\"stored/note\":1,\"stube/confirm\":1}}"
    );
    CHECK(
        body_of(r, "i2") ==
        "{\"clock\":5,\"component\":\"stube/"
        "confirm\",\"caller\":1,\"under\":1,\"then\":\"sure\",\"or_else\":\"unsure\","
        "\"state\":{\"question\":\"Sure?\",\"yes_label\":\"Yes\",\"no_label\":\"No\"}}"
    );
}

TEST_CASE("a record that is read back is written the same") {
    auto r = stored(asked());
    auto back = decode_conversation(r);
    CHECK(stored(back) == r);
    CHECK(back.top().then == type_of<note>().find("sure"));
    CHECK(back.has_applied(1));
}

TEST_CASE("large event ids survive") {
    auto c = asked();
    c.applied = {1, ~event_id(0), 0x8000000000000000U};  // events of three pages
    CHECK(decode_conversation(stored(c)).applied == c.applied);
}

TEST_CASE("a deeply nested state survives") {
    test_conversation t{note{}};
    t.click("Grow");
    CHECK(t.last() == verdict::applied);
    CHECK_NOTHROW(t.restart());
}

TEST_CASE("a state that could not be read back is refused when it is written") {
    test_conversation t{note{}};
    t.click("Spoil");
    CHECK_THROWS_AS(encode_change(nullptr, t.value(), false), std::logic_error);
}

TEST_CASE("an event that makes a step keeps the earlier versions of what it changed") {
    test_conversation t{note{}};
    t.click("Ask");
    const auto before = t.value();
    auto dispatched = dispatch(before, {9, before.top().id, "no", "", {}}, {t.now()});

    auto what = encode_change(&before, dispatched.next, true);

    CHECK(what.kind == change_kind::update);
    CHECK(what.revision == 3);
    // The earlier versions are kept, since Back returns to them.
    CHECK(names(what.written) == strings{"head", "i1", "i1_5", "i2_5"});
    CHECK(what.dropped == strings{"i2"});
}

TEST_CASE("an event that makes no step overwrites only the parts that it changed") {
    test_conversation t{note{}};
    const auto before = t.value();
    t.click("Grow");
    auto what = encode_change(&before, t.value(), true);
    CHECK(what.kind == change_kind::update);
    CHECK(names(what.written) == strings{"i1"});
    CHECK(what.dropped.empty());
    CHECK(what.written[0].body.starts_with(
        "{\"as_of\":{\"revision\":2,\"touched\":1767268800000,"
        "\"applied\":[\"0000000000000001\"]},\"clock\":5,\"component\":\"stored/note\","
    ));
}

namespace {

/// The record of a note that was stored whole, and then the parts that an event changed.
record changed_by_event() {
    test_conversation t{note{}};
    auto out = stored(t.value());
    const auto before = t.value();
    t.advance(std::chrono::hours(3));
    t.click("Grow");
    const auto what = encode_change(&before, t.value(), true);
    out.revision = what.revision;
    for (const auto& each : what.written)
        body(out, each.name) = each.body;
    return out;
}

}  // namespace

TEST_CASE("the part that was written last records the applied events and the time") {
    const auto r = changed_by_event();
    const auto back = decode_conversation(r);
    CHECK(back.revision == 2);
    CHECK(back.has_applied(1));
    CHECK(back.touched == back.created + std::chrono::hours(3));
    CHECK(read_head(r).touched == back.touched);
    CHECK(read_head(r).is_used);
}

TEST_CASE("a record without its newest part is refused") {
    auto r = changed_by_event();
    SUBCASE("an older part is in its place") {
        body(r, "i1") = body_of(stored(test_conversation{note{}}.value()), "i1");
    }
    SUBCASE("the record has another revision") {
        r.revision = 3;
    }
    SUBCASE("its event id is damaged") {
        replace(body(r, "i1"), "0000000000000001", "one");
    }
    SUBCASE("it is cut off") {
        body(r, "i1").resize(20);
    }
    SUBCASE("its as_of is not an object") {
        body(r, "i1").replace(0, body_of(r, "i1").find(",\"clock\""), "{\"as_of\":7");
    }
    CHECK_THROWS_AS(read_head(r), decode_error);
    CHECK_THROWS_AS(decode_conversation(r), decode_error);
}

TEST_CASE("a change of a value that only the head records writes the head") {
    const auto before = test_conversation{note{}}.value();
    const std::vector<std::function<void(conversation&)>> changes{
        [](conversation& c) { c.principal = "ada"; },
        [](conversation& c) { c.owner = "another"; },
        [](conversation& c) { c.url = "/here"; },
        [](conversation& c) { ++c.last_instance; },
        [](conversation& c) { ++c.step; },
        [](conversation& c) { ++c.last_step; },
    };
    for (const auto& each : changes) {
        auto after = before;
        after.advance();
        auto version = std::make_shared<instance>(after.top());
        version->version = 2 * after.revision + 1;
        after.put(version);
        CHECK(names(encode_change(&before, after, true).written) == strings{"i1"});
        each(after);
        CHECK(names(encode_change(&before, after, true).written) == strings{"head", "i1"});
    }
}

TEST_CASE("the head of an older format is read and rewritten with the next change") {
    auto r = stored(asked());
    replace(
        body(r, "head"),
        "{\"as_of\":{\"revision\":2,\"touched\":1767268800000,"
        "\"applied\":[\"0000000000000001\"]},\"format\":2,",
        "{\"touched\":1767268800000,\"applied\":[\"0000000000000001\"],\"format\":1,"
    );
    const auto before = decode_conversation(r);
    CHECK(before.has_applied(1));
    CHECK(read_head(r).is_used);

    const auto done = dispatch(before, {0, before.top().id, "no", "", {}}, {before.touched});
    const auto what = encode_change(&before, done.next, true);
    CHECK(what.written[0].name == "head");
    CHECK(what.written[0].body.find("\"format\":2") != std::string::npos);
    CHECK_FALSE(done.next.is_head_old);
}

TEST_CASE("going back drops the parts that no step uses any more") {
    test_conversation t{note{}};
    t.click("Ask");
    const auto before = t.value();
    t.back();
    auto what = encode_change(&before, t.value(), true);
    // Forward returns to the question, so its step is kept. The restored note is a new version.
    CHECK(names(what.written) == strings{"head", "i1", "i1_5", "i2_5"});
    CHECK(what.dropped == strings{"i2", "i1_4"});
}

TEST_CASE("a call writes the head and the new instance and the changed caller") {
    test_conversation t{note{}};
    const auto before = t.value();
    t.click("Ask");
    auto what = encode_change(&before, t.value(), true);
    CHECK(names(what.written) == strings{"head", "i1", "i2", "i1_4"});
    CHECK(what.dropped.empty());
}

TEST_CASE("an instance that did not change is not written") {
    auto before = asked();
    auto after = before;
    after.advance();
    CHECK(names(encode_change(&before, after, true).written) == strings{"head"});
}

TEST_CASE("a store that does not save parts gets the whole conversation") {
    auto before = asked();
    auto after = before;
    ++after.revision;
    auto what = encode_change(&before, after, false);
    CHECK(what.kind == change_kind::replace);
    CHECK(names(what.written) == strings{"head", "i1_4", "i1", "i2"});
}

TEST_CASE("a conversation with an instance that cannot be stored becomes a tombstone") {
    auto before = asked();
    auto coroutine = type_of<note>();
    coroutine.name = "some_flow";
    coroutine.encode = nullptr;
    auto held = std::make_shared<instance>(before.top());
    held->type = &coroutine;
    auto after = before;
    after.put(held);

    CHECK_FALSE(after.durable());
    CHECK(after.not_durable()->name == "some_flow");
    auto what = encode_change(&before, after, true);
    CHECK(what.kind == change_kind::replace);
    CHECK(what.status == record_status::tombstone);
    CHECK(names(what.written) == strings{"head"});
    auto mark = decode_tombstone(as_record(what));
    CHECK(mark.owner == "test");
    CHECK(mark.mount == "/");
    CHECK(mark.touched == after.touched);

    CHECK(encode_change(&after, before, true).kind == change_kind::replace);
}

namespace {

struct damage {
    std::string name;
    std::function<void(record&)> done;
};

damage edit(std::string part_name, std::string from, std::string to) {
    return {part_name + ": " + from + " -> " + to, [=](record& r) {
                replace(body(r, part_name), from, to);
            }};
}

std::vector<damage> damages() {
    std::vector<damage> out{
        {"no parts", [](record& r) { r.parts.clear(); }},
        {"no head", [](record& r) { r.parts.erase(r.parts.begin()); }},
        {"no version of a step", [](record& r) { r.parts.erase(r.parts.begin() + 1); }},
        {"no instance", [](record& r) { r.parts.pop_back(); }},
        {"a part without a name", [](record& r) { r.parts[1].name = ""; }},
        {"a part of another name", [](record& r) { r.parts[1].name = "x1_4"; }},
        {"a part without a clock", [](record& r) { replace(body(r, "i1"), "\"clock\":5,", ""); }},
        {"a part with the clock 0", [](record& r) { replace(body(r, "i1"), "5", "0"); }},
        {"a version under two names", [](record& r) { r.parts[1].body = body(r, "i1"); }},
        {"another clock than in the name", [](record& r) { r.parts[1].name = "i1_3"; }},
        {"a part with a clock of letters", [](record& r) { r.parts[1].name = "i1_x"; }},
        {"revision 0", [](record& r) { r.revision = 0; }},
        {"empty head", [](record& r) { body(r, "head") = ""; }},
        {"head is an array", [](record& r) { body(r, "head") = "[]"; }},
        {"head is null", [](record& r) { body(r, "head") = "null"; }},
        {"cut head", [](record& r) { body(r, "head").resize(40); }},
        {"cut instance", [](record& r) { body(r, "i1").resize(40); }},
        {"text behind the head", [](record& r) { body(r, "head") += "{}"; }},
        {"not UTF-8", [](record& r) { replace(body(r, "i1"), "€", "\xFF\xFE"); }},
        {"endless nesting", [](record& r) { body(r, "i1") = std::string(100000, '['); }},
        {"instance is an array", [](record& r) { body(r, "i2") = "[1]"; }},
    };
    for (auto& each : std::vector<damage>{
             edit("head", "\"format\":2", "\"format\":3"),
             edit("head", "\"format\":2", "\"format\":0"),
             edit("head", "\"format\":2,", ""),
             edit("head", "\"format\":2", "\"format\":\"2\""),
             edit("head", "{\"as_of\":{\"revision\":2", "{\"as_of\":{\"revision\":3"),
             edit("head", "{\"as_of\":{\"revision\":2", "{\"as_of\":{\"revision\":\"2\""),
             edit("head", "{\"as_of\":{\"revision\":2,", "{\"as_of\":7,\"x\":{"),
             edit("head", "\"owner\":\"test\"", "\"owner\":7"),
             edit("head", "\"owner\"", "\"renamed\""),
             edit("head", "\"mount\"", "\"renamed\""),
             edit("head", "\"last_instance\":2", "\"last_instance\":1"),
             edit("head", "\"last_instance\":2", "\"last_instance\":-1"),
             edit("head", "\"last_instance\":2", "\"last_instance\":18446744073709551615"),
             edit("head", "\"root\":1", "\"root\":0"),
             edit("head", "\"root\":1", "\"root\":2"),
             edit("head", "\"root\":1", "\"root\":3"),
             edit("head", "\"root\":1", "\"root\":\"1\""),
             edit("head", "[[1,4,1]]", "[[1,4]]"),
             edit("head", "[[1,4,1]]", "[[1,3,1]]"),
             edit("head", "[[1,4,1]]", "[[1,4,2]]"),
             edit("head", "[[1,4,1]]", "[1]"),
             edit("head", "\"last_step\":2,", ""),
             edit("head", "0000000000000001", "xyz"),
             edit("head", "0000000000000001", ""),
             edit("head", "0000000000000001", "10000000000000001ffff"),
             edit("head", "\"created\":1767268800000", "\"created\":\"noon\""),
             edit("head", "\"touched\":1767268800000", "\"touched\":1.5"),
             edit("i1", "stored/note", "stored/nobody"),
             edit("i1", "stored/note", ""),
             edit("i1", "\"component\"", "\"caller\":7,\"component\""),
             edit("i1", "\"component\"", "\"then\":\"sure\",\"component\""),
             edit("i1", "\"component\"", "\"owner\":2,\"component\""),
             edit("i1", "\"over\":2", "\"over\":1"),
             edit("i1", "\"over\":2", "\"over\":9"),
             edit("i2", "\"component\"", "\"over\":1,\"component\""),
             edit("i2", "\"under\":1", "\"under\":2"),
             edit("i2", "\"component\"", "\"timers\":7,\"component\""),
             edit("i2", "\"component\"", "\"timers\":[[1,\"nobody\",\"\"]],\"component\""),
             edit("i2", "\"component\"", "\"subscriptions\":[[\"t\"]],\"component\""),
             edit("i2", "\"component\"", "\"timers\":[[1,\"\",\"\"]],\"component\""),
             edit("i2", "\"component\"", "\"subscriptions\":[[\"t\",\"\"]],\"component\""),
             edit("i1", "\"component\"", "\"caller\":1,\"component\""),
             edit("i1", "\"component\"", "\"caller\":2,\"component\""),
             edit("i2", "\"component\"", "\"work\":[7],\"component\""),
             edit("i1", "\"state\":{", "\"state\":7,\"x\":{"),
             edit("i1", "\"body\":\"", "\"body\":7,\"x\":\""),
             edit("i1", "\"state\"", "\"renamed\""),
             edit("i2", "\"caller\":1", "\"caller\":0"),
             edit("i2", "\"then\":\"sure\"", "\"then\":\"nobody\""),
             edit("i2", "\"or_else\":\"unsure\"", "\"or_else\":\"nobody\""),
             edit("i2", "\"then\":\"sure\"", "\"then\":null"),
             edit("i2", "\"component\"", "\"renamed\""),
         }) {
        out.push_back(std::move(each));
    }
    return out;
}

}  // namespace

TEST_CASE("a damaged record is refused") {
    const auto whole = stored(asked());
    for (const auto& each : damages()) {
        CAPTURE(each.name);
        auto r = whole;
        each.done(r);
        CHECK_THROWS_AS(decode_conversation(r), decode_error);
    }
}

TEST_CASE("stored event ids of too many pages are cut to the newest pages") {
    auto r = stored(asked());
    std::string ids;
    for (int page = 10; page < 30; ++page)
        ids += (page == 10 ? "\"" : ",\"") + std::to_string(page) + "000001\"";
    replace(body(r, "head"), "\"0000000000000001\"", ids);
    auto c = decode_conversation(r);
    CHECK(c.applied.size() == 16);
    CHECK(c.applied.back() == 0x29000001);
}

TEST_CASE("a member added by a newer release is ignored and a removed one takes its default") {
    auto r = stored(asked());
    replace(body(r, "head"), "\"format\":2", "\"format\":2,\"theme\":\"dark\"");
    replace(body(r, "i1"), "\"state\":{", "\"colour\":7,\"state\":{\"rating\":5,");
    replace(body(r, "i2"), "\"yes_label\":\"Yes\",", "");
    auto c = decode_conversation(r);
    CHECK(static_cast<const ui::confirm*>(c.top().state.get())->yes_label == "Yes");
}

TEST_CASE("an exception from an application's codec is reported as an unreadable state") {
    test_conversation t{fussy{}};
    auto r = stored(t.value());
    CHECK_THROWS_WITH_AS(decode_conversation(r), "state of stored/fussy: no", decode_error);
}

TEST_CASE("a tombstone without its members is refused") {
    record r{"x", 1, record_status::tombstone, {{"head", "{\"format\":1}"}}};
    CHECK_THROWS_AS(decode_tombstone(r), decode_error);
    r.parts.clear();
    CHECK_THROWS_AS(decode_tombstone(r), decode_error);
}

TEST_CASE("children keep their places after a restart although their owner did not change") {
    test_conversation t{chest{}};
    t.click("Two");
    const auto before = t.html();

    t.restart();

    CHECK(t.html() == before);
    CHECK(t.click("Top").text() == "Top open\nOne\nTwo open");
}
