#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

/// Calls of render() since the last renders_since().
int renders = 0;

int renders_since() {
    return std::exchange(renders, 0);
}

struct lamp {
    static constexpr std::string_view component = "kernel/lamp";
    int switched = 0;
    bool render_fails = false;

    void toggle() { ++switched; }

    void look() {}

    effects ask() { return call<ui::confirm>("Sure?"); }

    void dim(int by, std::string why) { switched += by + static_cast<int>(why.size()); }

    void break_render() { render_fails = true; }

    void misread() { throw decode_error("a file of the application's"); }

    effects remove() { return end(p("Dark")); }

    markup render() const {
        ++renders;
        if (render_fails) throw std::runtime_error("cannot be drawn");
        return div(
            "lamp ",
            switched,
            button(on<"click", &lamp::toggle>, "t"),
            button(on<"click", &lamp::look>, "l"),
            button(on<"click", &lamp::ask>, "a"),
            button(on<"click", &lamp::dim>(1, "x"), "d"),
            button(on<"click", &lamp::break_render>, "b"),
            button(on<"click", &lamp::misread>, "m"),
            button(on<"click", &lamp::remove>, "r")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    lamp,
    (),
    (switched, render_fails, toggle, look, ask, dim, break_render, misread, remove)
)

/// A task with a lamp on top.
struct house {
    static constexpr std::string_view component = "kernel/house";

    effects start() { return call<lamp>().then<&house::dark>(); }

    answers<> dark() { return answer(); }
};
BOOST_DESCRIBE_STRUCT(house, (), (dark))

constexpr time_point noon{1'000'000ms};

environment at(time_point now) {
    return {now};
}

conversation fresh() {
    conversation c;
    c.id = "c";
    c.owner = "owner";
    c.mount = "/lamp";
    return c;
}

template <class C>
conversation begun() {
    auto o = begin(fresh(), call<C>().release(), at(noon));
    REQUIRE(o.verdict == verdict::applied);
    return o.next;
}

event make_event(const conversation& c, std::string name, event_id id, std::string arguments = "") {
    return {id, c.top().id, std::move(name), std::move(arguments), {}};
}

const lamp& lamp_of(const conversation& c) {
    return *static_cast<const lamp*>(c.top().state.get());
}

std::string text_of(const conversation& c) {
    std::string out;
    for (const auto& each : encode_change(nullptr, c, false).written)
        out += each.name + each.body;
    return out;
}

}  // namespace

TEST_CASE("a conversation begins with one view") {
    auto o = begin(fresh(), call<lamp>().release(), at(noon));
    CHECK(o.verdict == verdict::applied);
    CHECK(o.next.revision == 1);
    CHECK(o.next.created == noon);
    CHECK(o.next.touched == noon);
    REQUIRE(o.patches.size() == 1);
    CHECK(o.patches[0].kind == patch_kind::view);
    CHECK(o.patches[0].target == 1);
}

TEST_CASE("a handler without an effect renders its own instance once and nothing else") {
    auto c = begun<house>();
    renders_since();

    auto o = dispatch(c, make_event(c, "toggle", 1), at(noon));

    REQUIRE(o.patches.size() == 1);
    CHECK(o.patches[0].kind == patch_kind::instance);
    CHECK(o.patches[0].target == 2);
    CHECK(renders_since() == 1);
    CHECK(o.next.revision == 2);
}

TEST_CASE("a handler that does not change how its instance looks sends nothing") {
    auto c = begun<house>();
    renders_since();

    auto o = dispatch(c, make_event(c, "look", 1), at(noon));

    CHECK(o.verdict == verdict::applied);
    CHECK(o.patches.empty());
    CHECK(renders_since() == 1);
    CHECK(o.next.revision == 2);
}

TEST_CASE("a call gives one view of the callee and does not render the caller") {
    auto c = begun<lamp>();
    renders_since();

    auto o = dispatch(c, make_event(c, "ask", 1), at(noon));

    REQUIRE(o.patches.size() == 2);
    CHECK(o.patches[0].kind == patch_kind::view);
    CHECK(o.patches[0].target == 2);
    CHECK(o.patches[1].json == "{\"step\":2,\"push\":true}");
    CHECK(renders_since() == 0);
}

TEST_CASE("an answer gives one view of the caller") {
    auto c = begun<lamp>();
    c = dispatch(c, make_event(c, "ask", 1), at(noon)).next;
    renders_since();

    auto o = dispatch(c, make_event(c, "yes", 2), at(noon));

    REQUIRE(o.patches.size() == 2);
    CHECK(o.patches[0].kind == patch_kind::view);
    CHECK(o.patches[0].target == 1);
    CHECK(o.patches[1].json == "{\"step\":3,\"push\":true}");
    CHECK(renders_since() == 1);
}

TEST_CASE("the end gives one final view and renders nothing") {
    auto c = begun<house>();
    renders_since();

    auto o = dispatch(c, make_event(c, "remove", 1), at(noon));

    CHECK(o.verdict == verdict::ended);
    REQUIRE(o.patches.size() == 1);
    CHECK(o.patches[0].kind == patch_kind::final);
    CHECK(o.patches[0].content.text() == "<p>Dark</p>");
    CHECK(o.next.instances.empty());
    CHECK(o.next.revision == 2);
    CHECK(renders_since() == 0);
}

TEST_CASE("an event leaves the conversation that it is applied to unchanged") {
    const auto c = begun<lamp>();
    const auto before = text_of(c);
    auto o = dispatch(c, make_event(c, "toggle", 1), at(noon + 1s));
    CHECK(text_of(c) == before);
    CHECK(lamp_of(o.next).switched == 1);
    CHECK(o.next.touched == noon + 1s);
    CHECK(o.next.created == noon);
}

TEST_CASE("instances that did not change are shared between versions") {
    const auto c = begun<house>();
    auto o = dispatch(c, make_event(c, "toggle", 1), at(noon));
    CHECK(o.next.stack()[0] == c.stack()[0]);
    CHECK(o.next.stack()[1] != c.stack()[1]);
}

TEST_CASE("arguments reach the member by type") {
    const auto c = begun<lamp>();
    auto o = dispatch(c, make_event(c, "dim", 1, "[2,\"abc\"]"), at(noon));
    CHECK(lamp_of(o.next).switched == 5);
}

TEST_CASE("arguments that do not fit are refused") {
    const auto c = begun<lamp>();
    for (auto arguments :
         {"[]",
          "[1]",
          "[1,\"a\",2]",
          "[\"1\",\"a\"]",
          "[1.5,\"a\"]",
          "[1,null]",
          "{}",
          "7",
          "[1,",
          "x",
          "[99999999999,\"a\"]"}) {
        CAPTURE(arguments);
        auto o = dispatch(c, make_event(c, "dim", 1, arguments), at(noon));
        CHECK(o.verdict == verdict::bad_arguments);
        CHECK_FALSE(o.error.empty());
        CHECK(o.patches.empty());
    }
    CHECK(
        dispatch(c, make_event(c, "toggle", 1, "[1]"), at(noon)).verdict == verdict::bad_arguments
    );
    const std::string deep(1000, '[');
    CHECK(dispatch(c, make_event(c, "dim", 1, deep), at(noon)).verdict == verdict::bad_arguments);
}

TEST_CASE("a decode_error from a handler is a failure and not bad arguments") {
    const auto c = begun<lamp>();
    CHECK(dispatch(c, make_event(c, "misread", 1), at(noon)).verdict == verdict::failed);
}

TEST_CASE("an unknown event is refused") {
    const auto c = begun<lamp>();
    for (auto name : {"explode", "", "switched", "render", "toggle2", "Toggle"}) {
        CAPTURE(name);
        CHECK(dispatch(c, make_event(c, name, 1), at(noon)).verdict == verdict::unknown_event);
    }
}

TEST_CASE("a repeated event changes nothing and sends the view again") {
    auto c = begun<lamp>();
    c = dispatch(c, make_event(c, "toggle", 77), at(noon)).next;

    auto o = dispatch(c, make_event(c, "toggle", 77), at(noon));

    CHECK(o.verdict == verdict::repeated);
    REQUIRE(o.patches.size() == 2);
    CHECK(o.patches[0].kind == patch_kind::view);
    CHECK(o.patches[1].json == "{\"step\":1,\"push\":false}");
}

TEST_CASE("a repeated event is recognized even when its instance has left") {
    auto c = begun<lamp>();
    auto e = make_event(c, "ask", 77);
    c = dispatch(c, e, at(noon)).next;
    CHECK(dispatch(c, e, at(noon)).verdict == verdict::repeated);
}

TEST_CASE("a repeated event is recognized after any number of events of other pages") {
    auto c = begun<lamp>();
    for (event_id number : {1U, 2U, 5U})
        c = dispatch(c, make_event(c, "toggle", 0xabcdef0123'000000U + number), at(noon)).next;
    for (event_id number = 1; number <= 1000; ++number)
        c = dispatch(c, make_event(c, "toggle", 0x5555555555'000000U + number), at(noon)).next;
    CHECK(c.applied == std::vector<event_id>{0xabcdef0123'000005U, 0x5555555555'0003e8U});
    for (event_id number : {1U, 2U, 3U, 4U, 5U}) {
        auto again = make_event(c, "toggle", 0xabcdef0123'000000U + number);
        CHECK(dispatch(c, again, at(noon)).verdict == verdict::repeated);
    }
    auto next = make_event(c, "toggle", 0xabcdef0123'000006U);
    CHECK(dispatch(c, next, at(noon)).verdict == verdict::applied);
}

TEST_CASE("a conversation remembers the last sixteen pages and drops older ones") {
    auto c = begun<lamp>();
    for (event_id page = 1; page <= 17; ++page)
        c = dispatch(c, make_event(c, "toggle", (page << 24) + 1), at(noon)).next;
    CHECK(c.applied.size() == 16);
    CHECK(c.applied.front() == 0x2000001);
    CHECK(c.applied.back() == 0x11000001);
    CHECK(dispatch(c, make_event(c, "toggle", 0x2000001), at(noon)).verdict == verdict::repeated);
    CHECK(dispatch(c, make_event(c, "toggle", 0x1000001), at(noon)).verdict == verdict::applied);
}

TEST_CASE("a page that sends again is dropped after pages that did not") {
    auto c = begun<lamp>();
    for (event_id page = 1; page <= 16; ++page)
        c = dispatch(c, make_event(c, "toggle", (page << 24) + 1), at(noon)).next;
    c = dispatch(c, make_event(c, "toggle", 0x1000002), at(noon)).next;
    c = dispatch(c, make_event(c, "toggle", 0x11000001), at(noon)).next;
    CHECK(c.has_applied(0x1000002));
    CHECK_FALSE(c.has_applied(0x2000001));
}

TEST_CASE("an event without an id is applied and not remembered") {
    auto c = begun<lamp>();
    c = dispatch(c, make_event(c, "toggle", 0), at(noon)).next;
    c = dispatch(c, make_event(c, "toggle", 0), at(noon)).next;
    CHECK(lamp_of(c).switched == 2);
    CHECK(c.applied.empty());
}

TEST_CASE("an event to an instance that is not on the page changes nothing and sends the view") {
    auto c = begun<lamp>();
    auto early = make_event(c, "toggle", 2);
    c = dispatch(c, make_event(c, "ask", 1), at(noon)).next;
    for (instance_id id : {instance_id(0), instance_id(1), instance_id(3), ~instance_id(0)}) {
        early.instance = id;
        auto o = dispatch(c, early, at(noon));
        CHECK(o.verdict == verdict::stale);
        REQUIRE(o.patches.size() == 2);
        CHECK(o.patches[0].kind == patch_kind::view);
    }
}

TEST_CASE("an event that failed may be sent again") {
    auto c = begun<lamp>();
    CHECK(dispatch(c, make_event(c, "misread", 5), at(noon)).verdict == verdict::failed);
    CHECK_FALSE(c.has_applied(5));
    CHECK(dispatch(c, make_event(c, "toggle", 5), at(noon)).verdict == verdict::applied);
}

TEST_CASE("an event is undone when its view cannot be rendered") {
    auto c = begun<lamp>();
    auto o = dispatch(c, make_event(c, "break_render", 1), at(noon));
    CHECK(o.verdict == verdict::failed);
    CHECK(o.error == "cannot be drawn");
    CHECK(dispatch(c, make_event(c, "toggle", 2), at(noon)).verdict == verdict::applied);
}

TEST_CASE("instance ids are never used twice") {
    auto c = begun<lamp>();
    for (event_id id = 1; id <= 6; id += 2) {
        c = dispatch(c, make_event(c, "ask", id), at(noon)).next;
        c = dispatch(c, make_event(c, "no", id + 1), at(noon)).next;
    }
    CHECK(c.last_instance == 4);
    CHECK(c.top().id == 1);
    c = dispatch(c, make_event(c, "ask", 9), at(noon)).next;
    CHECK(c.top().id == 5);
}

TEST_CASE("no two components share a name") {
    CHECK(clashing_components().empty());
    CHECK(find_component("kernel/lamp") == &type_of<lamp>());
    CHECK(find_component("stube/confirm") == &type_of<ui::confirm>());
    CHECK(find_component("kernel/nobody") == nullptr);
}
