#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/testing/patched_page.hpp"

#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/snapshot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Patches are made by comparison with the renderings that were last sent.

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

/// The application's object: data that components show but do not hold.
struct library {
    std::map<int, std::string> titles{{1, "Emma"}, {2, "Ulysses"}};
    std::string sign = "open";
};

struct note {
    static constexpr std::string_view component = "sent/note";
    int n = 0;

    void inc() { ++n; }

    markup render() const { return li("note ", n, button(on<"click", &note::inc>, "+")); }
};
BOOST_DESCRIBE_STRUCT(note, (), (n, inc))

/// Shows the time, the application's data and its own state, around a slot and a list.
struct shelf {
    static constexpr std::string_view component = "sent/shelf";
    slot<note> first;
    keyed<note> notes;
    int book = 1;
    int looks = 0;
    field<std::string> wish;

    void start() { notes.push_back(1, note{}); }

    void look() { ++looks; }

    void choose(int which) { book = which; }

    void forget() { wish.clear(); }

    void add() { notes.push_back(static_cast<int>(notes.size()) + 1, note{}); }

    void refuse() {
        ++looks;
        throw std::runtime_error("no");
    }

    effects write() { return patch_element("words", p("half")); }

    effects leave() { return call<ui::confirm>("Leave?").then<&shelf::left>(); }

    void left(bool) {}

    markup render(const context& c) const {
        const auto& from = c.app<library>();
        return div(
            p(own_id{"id", "words"}, "at ", c.now().time_since_epoch().count() / 1000),
            p("book ", from.titles.at(book)),
            p("sign ", from.sign),
            button(on<"click", &shelf::look>, "Look"),
            button(on<"click", &shelf::choose>(2), "Choose"),
            button(on<"click", &shelf::add>, "Add"),
            button(on<"click", &shelf::refuse>, "Refuse"),
            button(on<"click", &shelf::write>, "Write"),
            button(on<"click", &shelf::leave>, "Leave"),
            first,
            ul(notes)
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    shelf,
    (),
    (first, notes, book, looks, wish, look, choose, forget, add, refuse, write, leave, left)
)

/// A control and a list, and no text that depends on the number of notes.
struct basket {
    static constexpr std::string_view component = "sent/basket";
    field<std::string> wish;
    keyed<note> notes;
    int hidden = 0;

    void put() {
        notes.push_back(static_cast<int>(notes.size()) + 1, note{});
        wish.clear();
    }

    void count() { ++hidden; }

    effects tick() { return after<&basket::count>(1s); }

    markup render() const {
        return div(
            form(
                on<"submit", &basket::put>,
                ui::input_for<&basket::wish>(*this, "Wish"),
                button("Put")
            ),
            ul(notes),
            button(type("button"), on<"click", &basket::tick>, "Tick")
        );
    }
};
BOOST_DESCRIBE_STRUCT(basket, (), (wish, notes, hidden, put, count, tick))

std::string first_text(const patch& from) {
    return std::string(from.content.text());
}

/// One conversation and the pages that show it, opened at different times.
struct reading_room {
    explicit reading_room(effect::call root) {
        conversation fresh;
        fresh.id = "c";
        fresh.owner = "owner";
        fresh.mount = "/";
        auto begun = begin(fresh, root, env());
        REQUIRE(begun.verdict == verdict::applied);
        now = begun.next;
        pages.emplace_back().apply(begun.patches);
    }

    environment env() { return {time, &objects}; }

    outcome send(std::string name, instance_id to = 1, std::string arguments = "") {
        auto done = dispatch(now, {++events, to, std::move(name), std::move(arguments), {}}, env());
        if (done.verdict == verdict::applied) {
            now = done.next;
            for (auto& each : pages)
                each.apply(done.patches);
        }
        return done;
    }

    void open_page() {
        const auto view = whole_view(now, env());
        pages.emplace_back().apply(view.patches);
        now.forget_sent(view.differing);
    }

    /// True if all pages show `text`.
    bool show(std::string_view text) const {
        for (const auto& each : pages) {
            if (test_page::visible_text(each.root()).find(text) == std::string::npos) return false;
        }
        return true;
    }

    library books;
    const app_objects objects{books};
    time_point time{10'000ms};
    conversation now;
    std::vector<test_page::patched_page> pages;
    event_id events = 0;
};

}  // namespace

TEST_CASE("a component with a slot shows the time of its last event") {
    library books;
    test_conversation t{shelf{}};
    t.provide(books).text();
    t.advance(5s);
    t.click("Look");
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(t.now().time_since_epoch());
    CHECK(t.text().contains("at " + std::to_string(now.count())));
    REQUIRE(t.patches().size() == 1);
    CHECK(t.patches()[0].target == 1);
}

TEST_CASE("a component with a slot shows the application's data as they were at its last event") {
    reading_room r(call<shelf>().release());
    r.books.sign = "closed";
    CHECK_FALSE(r.show("sign closed"));  // no event has sent it yet
    r.send("look");
    CHECK(r.show("sign closed"));
}

TEST_CASE("a component whose old state cannot be rendered can change to one that can") {
    reading_room r(call<shelf>().release());
    r.books.titles.erase(1);
    CHECK(r.send("look").verdict == verdict::failed);
    CHECK(r.send("choose", 1, "[2]").verdict == verdict::applied);
    CHECK(r.show("book Ulysses"));
}

TEST_CASE("an unchanged owner of a list is not sent again when a child is added") {
    reading_room r(call<shelf>().release());
    const auto done = r.send("add");
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::insert);
}

TEST_CASE("a turn that is undone leaves the record of sent renderings unchanged") {
    reading_room r(call<shelf>().release());
    r.time += 5s;
    CHECK(r.send("refuse").verdict == verdict::failed);
    CHECK(r.send("look").patches.size() == 1);
    CHECK(r.show("at 15"));
    CHECK(r.send("look").patches.empty());
}

TEST_CASE("a value that is not saved leaves the record of sent renderings unchanged") {
    reading_room r(call<shelf>().release());
    r.time += 5s;
    // The store refuses this outcome, so it is not published.
    const auto refused = dispatch(r.now, {99, 1, "look", "", {}}, r.env());
    CHECK(refused.patches.size() == 1);
    CHECK(r.send("look").patches.size() == 1);
    CHECK(r.show("at 15"));
}

TEST_CASE("a page opened later receives changes that the other pages show already") {
    reading_room r(call<shelf>().release());
    r.time += 5s;
    r.open_page();
    CHECK_FALSE(r.show("at 15"));
    r.time -= 5s;  // the time that the first page shows
    r.send("look");
    CHECK(r.show("at 10"));
    CHECK(r.send("look").patches.empty());
}

TEST_CASE("a page opened later that shows the same causes no patches") {
    reading_room r(call<shelf>().release());
    r.open_page();
    CHECK(r.send("look").patches.empty());
}

TEST_CASE("the first change after a restart sends a whole component and the next one a diff") {
    reading_room r(call<shelf>().release());
    const auto stored = encode_change(nullptr, r.now, false);
    r.now = decode_conversation({stored.id, stored.revision, stored.status, stored.written});

    const auto first = r.send("add");
    REQUIRE(first.patches.size() == 1);
    CHECK(first.patches[0].kind == patch_kind::instance);
    CHECK(first_text(first.patches[0]).find("data-stube-keep") == std::string::npos);
    const auto second = r.send("add");
    REQUIRE(second.patches.size() == 1);
    CHECK(second.patches[0].kind == patch_kind::insert);
    CHECK(r.send("look").patches.empty());
}

TEST_CASE("the record of sent renderings is not stored") {
    reading_room r(call<shelf>().release());
    auto forgetful = r.now;
    const std::vector<instance_id> all{1, 2, 3};
    forgetful.forget_sent(all);
    const auto left = encode_change(nullptr, r.now, false);
    const auto right = encode_change(nullptr, forgetful, false);
    CHECK(left.written == right.written);
    CHECK(snapshot(r.now) == snapshot(forgetful));
    // It is not a change that must be stored either.
    forgetful.advance();
    for (const auto& each : encode_change(&r.now, forgetful, true).written)
        CHECK(each.name == "head");
}

TEST_CASE("Back shows the step as it is rendered now") {
    reading_room r(call<shelf>().release());
    r.send("leave");
    r.send("answer", 4, "[true]");
    r.time += 5s;
    const auto back = go_back(r.now, ++r.events, std::nullopt, r.env());
    REQUIRE(back.verdict == verdict::applied);
    r.now = back.next;
    for (auto& each : r.pages)
        each.apply(back.patches);
    test_page::patched_page fresh;
    fresh.apply(render_view(r.now, r.env()));
    CHECK(r.pages[0].html() == fresh.html());
}

TEST_CASE("an element that a handler has patched is rendered again with its component") {
    reading_room r(call<shelf>().release());
    r.send("write");
    CHECK(r.show("half"));
    r.send("look");
    CHECK_FALSE(r.show("half"));
    CHECK(r.show("at 10"));
}

TEST_CASE("the page of a snapshot counts as sent when its events are replayed") {
    library books;
    test_conversation first{shelf{}};
    first.provide(books).text();
    const auto beginning = restore(snapshot(first.value()));

    test_conversation t{beginning};
    t.provide(books).click("Add").click("Look");

    const app_objects objects(books);
    const auto again = replay(beginning, t.events(), {t.now(), &objects});
    REQUIRE(again.size() == 2);
    REQUIRE(again[0].patches.size() == 1);
    CHECK(again[0].patches[0].kind == patch_kind::insert);
    CHECK(again[1].patches.empty());
}

TEST_CASE("a field that a handler clears is empty on an otherwise unchanged page") {
    test_conversation t{basket{}};
    t.fill("Wish", "Bread").click("Put");
    CHECK(t.entered<&basket::wish>() == "");
    t.fill("Wish", "Milk").click("Put");
    CHECK(t.text().contains("note 0"));
    CHECK(t.entered<&basket::wish>() == "");
    // The rows are not sent again.
    REQUIRE(t.patches().size() == 2);
    CHECK(t.patches()[0].kind == patch_kind::instance);
    CHECK(
        first_text(t.patches()[0]).find("<ul id=\"i1-notes\" data-stube-keep>") != std::string::npos
    );
    CHECK(t.patches()[1].kind == patch_kind::insert);
}

TEST_CASE("a timer that does not change how a component looks sends nothing") {
    test_conversation t{basket{}};
    t.click("Tick").advance(2s);
    CHECK(t.patches().empty());
}
