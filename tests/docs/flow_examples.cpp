// The examples in the headers of flow/, and in context.hpp what concerns Back. Change both:
// check_header_examples.cmake compares them.

#include <stube/flow/flow.hpp>
#include <stube/http/app.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct pick_dates {
    static constexpr std::string_view component = "docs/flow_dates";
    using answer_type = int;

    answers<int> two() { return answer(2); }

    markup render() const { return p(button(on<"click", &pick_dates::two>, "Two nights")); }
};
BOOST_DESCRIBE_STRUCT(pick_dates, (), (two))

struct pick_room {
    static constexpr std::string_view component = "docs/flow_room";
    using answer_type = std::string;
    int nights = 0;

    answers<std::string> attic() { return answer("the attic"); }

    markup render() const { return p(button(on<"click", &pick_room::attic>, "Attic")); }
};
BOOST_DESCRIBE_STRUCT(pick_room, (), (nights, attic))

struct receipt {
    int nights = 0;
    std::string room;
};

/// The application's object.
struct library {
    std::vector<std::string> lent;

    void lend(const std::string& title, std::string_view to, time_point) {
        lent.push_back(title + " to " + std::string(to));
    }
};

// --- flow.hpp

flow<receipt> book_room() {
    auto stay = co_await call<pick_dates>();
    auto room = co_await call<pick_room>(stay);
    co_return receipt{stay, room};
}

flow<std::string> book_twice() {
    receipt made = co_await call<book_room>();
    bool sure = made.nights > 1;
    auto room = made.room;
    auto question = sure ? "Book " + room + "?" : std::string("Really?");
    sure = co_await call<ui::confirm>(question);
    co_return question + (sure ? " yes" : " no");
}

flow<> renew(std::string title) {
    co_await set_title("Renew " + title);
    bool sure = co_await call<ui::confirm>("Renew " + title + "?");
    if (!sure) co_await fail("Nothing was renewed.");
    auto here = co_await this_conversation();
    here.app<library>().lend(title, here.principal().name, here.now());
    co_await publish("renewed", title);
}

flow<> approve(int number) {
    co_await call<ui::info>("Number " + std::to_string(number));
}

struct front_desk {
    static constexpr std::string_view component = "docs/flow_desk";
    std::string note;

    effects book() { return call<book_room>().then<&front_desk::booked>(); }

    effects hurry() { return become<book_room>(); }

    void booked(const receipt& of) { note = std::to_string(of.nights) + " nights in " + of.room; }

    markup render() const {
        return p(
            note,
            button(on<"click", &front_desk::book>, "Book"),
            button(on<"click", &front_desk::hurry>, "Hurry")
        );
    }
};
BOOST_DESCRIBE_STRUCT(front_desk, (), (note, book, hurry, booked))

struct lobby {
    static constexpr std::string_view component = "docs/flow_lobby";
    std::string note;
    slot<flow_of<book_room>> booking = slot<flow_of<book_room>>().then<&lobby::booked>();
    keyed<flow_of<approve>> open;

    void add(int number) { open.push_back(number, flow_of<approve>(number)); }

    void booked(const receipt& of) { note = of.room; }

    markup render() const {
        return div(p(note), booking, div(open), button(on<"click", &lobby::add>(7), "Add"));
    }
};
BOOST_DESCRIBE_STRUCT(lobby, (), (note, booking, open, add, booked))

TEST_CASE("example: a flow") {
    app site;
    site.mount<book_room>("/booking");

    test_conversation t{front_desk{}};
    t.click("Book").click("Two nights").click("Attic");
    CHECK(t.text().contains("2 nights in the attic"));
    t.click("Hurry");
    CHECK(t.text().contains("Two nights"));

    test_conversation twice{call<book_twice>()};
    twice.click("Two nights").click("Attic");
    CHECK(twice.text().contains("Book the attic?"));
}

TEST_CASE("example: flows in slots and lists") {
    test_conversation t{lobby{}};
    t.click("Add").click("Two nights").click("Attic");
    CHECK(t.text().contains("the attic"));
    CHECK(t.text().contains("Number 7"));
}

TEST_CASE("example: effects in a flow") {
    library books;
    test_conversation t{call<renew>(std::string("Emma"))};
    t.provide(books).principal("ada").click("Yes");
    CHECK(t.title() == "Renew Emma");
    CHECK(books.lent == std::vector<std::string>{"Emma to ada"});
    CHECK(t.published() == std::vector<std::string>{"renewed [\"Emma\"]"});
}

// --- waiting.hpp

namespace waiting {

struct receipt {
    int amount = 0;
    std::string number;
};

std::string charge_card(int amount) {
    return "charge " + std::to_string(amount);
}

std::vector<std::string> find_rooms(const std::string& city, int nights) {
    return {city + std::to_string(nights)};
}

struct library {
    std::string lent;

    void lend(const std::string& title) { lent = title; }
};

library books;

flow<receipt> pay(int amount) {
    std::string number = co_await run(charge_card, amount);
    co_await sleep(2s).showing(p("Paid. The door opens in a moment."));
    co_return receipt{amount, number};
}

flow<> look_for_rooms(std::string city, int nights, std::string title) {
    auto rooms = co_await run(find_rooms, city, nights);
    auto size = co_await run([](const std::string& text) { return text.size(); }, city);
    co_await run(&library::lend, std::ref(books), title);  // books outlives all conversations
    co_await call<ui::info>(rooms.front() + std::to_string(size));
}

TEST_CASE("example: the waiting of a flow") {
    test_conversation t{call<pay>(12)};
    CHECK(t.text().contains("One moment, please."));
    t.run_work();
    CHECK(t.text() == "Paid. The door opens in a moment.");
    t.advance(2s);
    CHECK(t.ended());

    test_conversation searching{call<look_for_rooms>("Rome", 2, "Emma")};
    searching.run_work().run_work().run_work();
    CHECK(searching.text().contains("Rome24"));
    CHECK(books.lent == "Emma");
}

}  // namespace waiting

// --- context.hpp

struct ask_size {
    static constexpr std::string_view component = "docs/flow_size";

    effects previous() { return back(); }

    markup render(const context& c) const {
        return div(when(c.can_go_back(), button(on<"click", &ask_size::previous>, "Back")));
    }
};
BOOST_DESCRIBE_STRUCT(ask_size, (), (previous))

struct ask_first {
    static constexpr std::string_view component = "docs/flow_first";

    effects next() { return call<ask_size>(); }

    markup render() const { return p(button(on<"click", &ask_first::next>, "Next")); }
};
BOOST_DESCRIBE_STRUCT(ask_first, (), (next))

TEST_CASE("example: a Back button where Back is possible") {
    test_conversation t{ask_first{}};
    t.click("Next").click("Back");
    CHECK(t.text().contains("Next"));
}

}  // namespace
