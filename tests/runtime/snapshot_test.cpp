#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/snapshot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/tree.hpp>
#include <stube/runtime/ui.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace stube;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct note {
    static constexpr std::string_view component = "snapshot/note";
    std::string text;

    markup render() const { return li(text); }
};
BOOST_DESCRIBE_STRUCT(note, (), (text))

/// Has a list, a call, a timer and a subscription, and takes its own snapshot.
struct journal {
    static constexpr std::string_view component = "snapshot/journal";
    keyed<note> notes;
    int woken = 0;
    std::string taken;

    effects start() { return after<&journal::evening>(1h) + subscribe<&journal::heard>("news"); }

    void wakeup() { ++woken; }

    effects ask() { return call<ui::prompt>("What happened?").then<&journal::told>(); }

    void told(std::optional<std::string> text) {
        if (text) add(*text);
    }

    void heard(std::string text) { add("news: " + text); }

    void evening() { add("evening"); }

    void take(context& around) { taken = boost::json::serialize(around.snapshot()); }

    markup render() const {
        return div(
            ul(notes),
            p("woken ", woken),
            button(on<"click", &journal::ask>, "Ask"),
            button(on<"click", &journal::take>, "Take")
        );
    }

private:
    void add(std::string text) { notes.push_back(text, note{text}); }
};
BOOST_DESCRIBE_STRUCT(
    journal,
    (),
    (notes, woken, taken, start, wakeup, ask, told, heard, evening, take)
)

/// A journal that has one note and asks for the next.
test_conversation asking() {
    test_conversation t{journal{}};
    t.click("Ask").fill<&ui::prompt::text>("first").click("OK").click("Ask");
    return t;
}

}  // namespace

TEST_CASE("a restored conversation equals the original except for its owner") {
    auto t = asking();

    const auto back = restore(snapshot(t.value()));

    CHECK(back.owner.empty());
    CHECK(back.id == t.value().id);
    CHECK(back.revision == t.value().revision);
    CHECK(tree(back) == tree(t.value()));
    CHECK(back.past.size() == 3);
    CHECK(snapshot(back) == snapshot(t.value()));
}

TEST_CASE("a snapshot names its kind and contains no session") {
    auto t = asking();

    const auto taken = snapshot(t.value());

    CHECK(taken.at("stube") == "conversation");
    CHECK(taken.at("format") == 1);
    CHECK(taken.at("parts").at("head").at("owner") == "");
    CHECK(taken.at("parts").at("head").at("root") == 1);
}

TEST_CASE("a restored conversation continues in the middle of a call") {
    const auto text = boost::json::serialize(snapshot(asking().value()));

    test_conversation fresh(restore(boost::json::parse(text)));
    fresh.fill<&ui::prompt::text>("second").click("OK");

    CHECK(fresh.text().contains("first"));
    CHECK(fresh.text().contains("second"));
    CHECK(fresh.text().contains("woken 1"));
}

TEST_CASE("Back walks the steps from before the snapshot") {
    test_conversation fresh(restore(snapshot(asking().value())));

    fresh.back();
    CHECK(fresh.text().contains("first"));
    fresh.back();
    CHECK(fresh.text().contains("What happened?"));
}

TEST_CASE("timers and subscriptions continue in a restored conversation") {
    test_conversation t{journal{}};
    t.click("Take");

    test_conversation fresh(restore(snapshot(t.value())));
    fresh.publish("news", std::string("rain"));
    CHECK(fresh.text().contains("news: rain"));
    fresh.advance(1h);
    CHECK(fresh.text().contains("evening"));
}

TEST_CASE("a restored conversation and the original do not affect each other") {
    auto t = asking();
    test_conversation fresh(restore(snapshot(t.value())));

    fresh.fill<&ui::prompt::text>("elsewhere").click("OK");

    CHECK(t.text().contains("What happened?"));
    t.fill<&ui::prompt::text>("here").click("OK");
    CHECK_FALSE(t.text().contains("elsewhere"));
}

TEST_CASE("a handler takes a snapshot of the conversation before its event") {
    test_conversation t{journal{}};
    const auto before = snapshot(t.value());

    t.click("Take");

    auto as_text = boost::json::serialize(before);
    CHECK(static_cast<const journal*>(t.value().top().state.get())->taken == as_text);
}

TEST_CASE("an invalid snapshot is refused with the reason") {
    auto broken = snapshot(asking().value());
    REQUIRE(broken.at("parts").as_object().erase("i4") == 1);  // the second question

    CHECK_THROWS_WITH_AS(
        restore(boost::json::parse("[]")),
        "this is not a snapshot of a conversation",
        decode_error
    );
    CHECK_THROWS_WITH_AS(
        restore(boost::json::parse(R"({"stube":"conversation","format":2})")),
        "the snapshot has format 2, which this release cannot read: a newer release has written it",
        decode_error
    );
    CHECK_THROWS_WITH_AS(
        restore(boost::json::parse(R"({"stube":"conversation","format":1})")),
        "the snapshot has no parts",
        decode_error
    );
    CHECK_THROWS_AS(restore(broken), decode_error);
}

TEST_CASE("a conversation begun from a snapshot has an id and an owner of its own") {
    live_test::world w;
    auto taken = restore(snapshot(asking().value()));

    auto began = w.wait(w.mint(taken, "somebody else"));

    REQUIRE(began.result == status::ok);
    CHECK(began.value->id != taken.id);
    CHECK(began.value->owner == "somebody else");
    CHECK(began.value->principal == "principal");
    CHECK(began.value->mount == "/here");
    CHECK(began.value->revision == taken.revision + 1);
    auto again = w.wait(w.mint(taken, "somebody else"));
    CHECK(again.value->id != began.value->id);
}
