#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct counter {
    static constexpr std::string_view component = "page/counter";
    int n = 0;

    void inc() { ++n; }

    void add(int by) { n += by; }

    markup render() const { return div(span(n), button(on<"click", &counter::inc>, "+")); }
};
BOOST_DESCRIBE_STRUCT(counter, (), (n, inc, add))

enum class board { none, half, full };
BOOST_DESCRIBE_ENUM(board, none, half, full)

struct order {
    static constexpr std::string_view component = "page/order";
    std::string news;

    effects place() {
        return run<&order::arrived>([] { return std::string("Delivered"); }
        ).or_else<&order::failed>();
    }

    void arrived(std::string what) { news = std::move(what); }

    void failed(const failure& why) { news = why.message; }

    markup render() const { return div(p(news), button(on<"click", &order::place>, "Order")); }
};
BOOST_DESCRIBE_STRUCT(order, (), (news, place, arrived, failed))

struct guest {
    static constexpr std::string_view component = "page/guest";
    using answer_type = std::string;

    field<std::string> name;
    field<int> age;
    field<bool> breakfast;
    field<board> meals{board::none};
    field<std::string> bed{std::string("single")};
    field<std::string> note;
    std::string seen;

    void save() {
        seen = name.value() + "/" + std::to_string(age.value()) + "/" +
               (breakfast.value() ? "yes" : "no") + "/" + meals.text() + "/" + bed.value() + "/" +
               note.value();
    }

    void peek() { seen = name.value(); }

    markup render() const {
        auto bed_choice = [this](std::string_view kind) {
            return label(
                input(
                    type("radio"),
                    own_id{"name", "bed"},
                    value(kind),
                    checked(bed.text() == kind)
                ),
                kind
            );
        };
        return section(
            form(
                on<"submit", &guest::save>,
                ui::input_for<&guest::name>(*this, "Name"),
                ui::input_for<&guest::age>(*this, "Age", type("number")),
                ui::check_box_for<&guest::breakfast>(*this, "Breakfast"),
                ui::select_for<&guest::meals>(
                    *this,
                    "Meals",
                    {{"none", "No meals"}, {"half", "Half board"}, {"full", "Full board"}}
                ),
                bed_choice("single"),
                bed_choice("double"),
                ui::text_area_for<&guest::note>(*this, "Note"),
                button("Save"),
                button(on<"click", &guest::peek>, "Peek")
            ),
            p("Seen: ", seen)
        );
    }
};
BOOST_DESCRIBE_STRUCT(guest, (), (name, age, breakfast, meals, bed, note, seen, save, peek))

struct finder {
    static constexpr std::string_view component = "page/search";
    field<std::string> words;
    std::vector<std::string> history;

    void changed() { history.push_back(words.value()); }

    markup render() const {
        return div(
            input(bind<&finder::words>(*this), on<"change", &finder::changed>),
            ul(each(history, [](const std::string& h) { return li(h); }))
        );
    }
};
BOOST_DESCRIBE_STRUCT(finder, (), (words, history, changed))

struct items_page {
    static constexpr std::string_view component = "page/list";
    std::vector<int> items{1, 2};

    void remove(int which) { std::erase(items, which); }

    markup render() const {
        return div(
            each(
                items,
                [](int i) {
                    return p(
                        "Item ",
                        i,
                        button(on<"click", &items_page::remove>(i), "✕"),
                        button(
                            on<"click", &items_page::remove>(i),
                            attr("aria-label", "Remove item " + std::to_string(i)),
                            "Remove"
                        )
                    );
                }
            ),
            button(on<"click", &items_page::remove>(0), disabled(), "Clear")
        );
    }
};
BOOST_DESCRIBE_STRUCT(items_page, (), (items, remove))

struct ask {
    static constexpr std::string_view component = "page/ask";
    std::string heard = "nothing";
    std::string told;

    effects go() { return call<ui::confirm>("Really?").then<&ask::answered>(); }

    void answered(bool yes) { heard = yes ? "yes" : "no"; }

    void look(context& c) {
        told = c.principal().name + " at " + std::to_string(c.now().time_since_epoch() / 1s) +
               " with " + std::to_string(c.app<int>());
    }

    void explode() { throw std::runtime_error("no bed left"); }

    effects leave() { return end(p("Goodbye")); }

    markup render() const {
        return div(
            h1("Heard ", heard),
            p(told),
            button(on<"click", &ask::go>, "Go"),
            button(on<"click", &ask::look>, "Look"),
            button(on<"click", &ask::explode>, "Explode"),
            button(on<"click", &ask::leave>, "Leave")
        );
    }
};
BOOST_DESCRIBE_STRUCT(ask, (), (heard, told, go, answered, look, explode, leave))

struct sleeper {
    static constexpr std::string_view component = "page/sleeper";
    int woken = 0;

    void wakeup() { ++woken; }

    markup render() const { return p("Woken ", woken); }
};
BOOST_DESCRIBE_STRUCT(sleeper, (), (woken))

std::string text_of(const std::logic_error& e) {
    return e.what();
}

/// The text of the exception of a misuse.
template <class Function>
std::string complaint(Function misuse) {
    try {
        misuse();
    } catch (const std::logic_error& e) {
        return text_of(e);
    }
    return "no complaint";
}

struct two_counters {
    static constexpr std::string_view component = "page/two_counters";
    slot<counter> left = counter{3};
    slot<counter> right = counter{5};

    markup render() const { return div(left, right); }
};
BOOST_DESCRIBE_STRUCT(two_counters, (), (left, right))

}  // namespace

TEST_CASE("a click sends the event of the button with that text") {
    test_conversation t{counter{}};
    CHECK(t.text() == "0 +");

    t.click("+").click("+");

    CHECK(t.text() == "2 +");
    CHECK(t.last() == verdict::applied);
    CHECK(t.value().revision == 3);
}

TEST_CASE("the page shows its events as data attributes") {
    test_conversation t{counter{}};
    CHECK(
        t.html() == "<div id=\"i1\"><span>0</span><button data-on-click=\"i1.inc\">+</button></div>"
    );
}

TEST_CASE("the root may be a call with arguments") {
    test_conversation t{call<counter>(41)};
    CHECK(t.click("+").text() == "42 +");
}

TEST_CASE("an event can be sent by its member with arguments") {
    test_conversation t{counter{1}};
    t.send<&counter::inc>();
    CHECK(t.text() == "2 +");
}

TEST_CASE("an event to a member that no markup names is refused") {
    test_conversation t{counter{}};
    t.send<&counter::add>(5);
    CHECK(t.last() == verdict::unknown_event);
    CHECK(t.text() == "0 +");
}

TEST_CASE("a submit button sends the values of its form") {
    test_conversation t{guest{}};

    t.fill<&guest::name>("Ada").fill<&guest::age>("36").check<&guest::breakfast>();
    t.fill<&guest::meals>("half").fill<&guest::bed>("double").fill<&guest::note>("Two\nlines");
    t.click("Save");

    CHECK(t.text().contains("Seen: Ada/36/yes/half/double/Two lines"));
    CHECK(t.entered<&guest::note>() == "Two\nlines");
}

TEST_CASE("a control without an entry sends the value that it has on the page") {
    test_conversation t{guest{}};
    t.fill<&guest::age>("36").submit();
    CHECK(t.text().contains("Seen: /36/no/none/single/"));
}

TEST_CASE("controls can be found by their labels") {
    test_conversation t{guest{}};

    t.fill("Name", "Bo").fill("Age", "7").fill("Meals", "Full board").check("Breakfast");
    t.fill("Note", "-").submit();

    CHECK(t.text().contains("Seen: Bo/7/yes/full/single/-"));
}

TEST_CASE("a box can be unchecked again") {
    test_conversation t{guest{}};
    t.fill<&guest::age>("1").check<&guest::breakfast>().submit();
    CHECK(t.entered<&guest::breakfast>() == "on");

    t.uncheck<&guest::breakfast>();
    CHECK(t.entered<&guest::breakfast>() == "");
    t.submit();

    CHECK(t.text().contains("Seen: /1/no/"));
}

TEST_CASE("a wrong entry stays with its message until it is sent again") {
    test_conversation t{guest{}};

    t.fill<&guest::age>("old").click("Save");
    CHECK(t.entered<&guest::age>() == "old");
    CHECK(t.message_at<&guest::age>() == "Enter a whole number");
    CHECK(t.message_at<&guest::name>() == "");

    t.fill<&guest::age>("80").click("Save");
    CHECK(t.message_at<&guest::age>() == "");
    CHECK(t.text().contains("Seen: /80/"));
}

TEST_CASE("an entry stays on the page until it is sent") {
    test_conversation t{guest{}};
    t.fill<&guest::name>("Ada");
    CHECK(t.entered<&guest::name>() == "Ada");
    CHECK(t.value().revision == 1);
}

TEST_CASE("a click sends the controls of its component") {
    test_conversation t{guest{}};
    t.fill<&guest::name>("Ada").click("Peek");
    CHECK(t.text().contains("Seen: Ada"));
}

TEST_CASE("entering sends the control's change event") {
    test_conversation t{finder{}};
    t.fill<&finder::words>("tea").fill<&finder::words>("cake");
    CHECK(t.text() == "tea\ncake");
}

TEST_CASE("an accessible name distinguishes buttons with the same text") {
    test_conversation t{items_page{}};
    t.click("Remove item 1");
    CHECK(t.text() == "Item 2 ✕ Remove\nClear");
}

TEST_CASE("a click without a match reports what can be clicked") {
    test_conversation t{items_page{}};

    CHECK(
        complaint([&] { t.click("Delete"); }) ==
        "stube: nothing to click has the label \"Delete\". Labels that can be clicked: \"✕\", "
        "\"Remove item 1\", \"✕\", \"Remove item 2\""
    );
    CHECK(complaint([&] { t.click("✕"); }).starts_with("stube: 2 controls have the label \"✕\""));
    CHECK(complaint([&] { t.click("Clear"); }).starts_with("stube: \"Clear\" is disabled"));
}

TEST_CASE("within names the component whose member an event is sent to") {
    test_conversation t{two_counters{}};
    CHECK(complaint([&] { t.send<&counter::inc>(); }).find("within(") != std::string::npos);
    t.within("5").send<&counter::inc>();
    CHECK(t.text() == "3 +\n6 +");
    CHECK(complaint([&] {
              t.within("6").send<&guest::save>();
          }).find("not a member") != std::string::npos);
}

TEST_CASE("a field that is not on the page is a mistake of the test") {
    test_conversation t{counter{}};
    CHECK(complaint([&] {
              t.fill<&guest::name>("Ada");
          }) == "stube: page/guest is not on the page: page/counter is");
    test_conversation g{guest{}};
    CHECK(
        complaint([&] { g.fill("Street", "High"); }) ==
        "stube: there is no control labelled \"Street\" on the page. There are: \"name\", \"age\", "
        "\"breakfast\", \"meals\", \"bed\", \"bed\", \"note\""
    );
}

TEST_CASE("a selection takes only what it offers") {
    test_conversation t{guest{}};
    CHECK(
        complaint([&] { t.fill<&guest::meals>("vegan"); }) ==
        "stube: the selection has no option \"vegan\". There are: \"none\", \"half\", \"full\""
    );
    CHECK(complaint([&] {
              t.fill<&guest::bed>("king");
          }) == "stube: no radio button has the value \"king\". There are: \"single\", \"double\"");
    CHECK(complaint([&] { t.fill<&guest::breakfast>("on"); }).starts_with("stube: use check()"));
    CHECK(complaint([&] {
              t.check<&guest::name>();
          }) == "stube: the control \"name\" is not a check box");
}

TEST_CASE("submit needs exactly one form") {
    test_conversation t{counter{}};
    CHECK(complaint([&] { t.submit(); }).ends_with("there are 0"));
}

TEST_CASE("an event of a component that is not on the page is a mistake of the test") {
    test_conversation t{counter{}};
    CHECK(complaint([&] {
              t.send<&items_page::remove>(1);
          }) == "stube: remove is not a member of page/counter, which is on the page");
}

TEST_CASE("the environment of a conversation can be set before it begins") {
    int beds = 12;
    test_conversation t{ask{}};
    t.provide(beds).principal("ada").advance(90s);

    t.click("Look");

    // noon of 2026-01-01 is 1767268800
    CHECK(t.text().contains("ada at 1767268890 with 12"));
}

TEST_CASE("a principal cannot be set after the conversation has begun") {
    test_conversation t{ask{}};
    CHECK(t.text().contains("Heard nothing"));
    CHECK_THROWS_AS(t.principal("eve"), std::logic_error);
}

TEST_CASE("the clock does not move until it is advanced") {
    test_conversation t{counter{}};
    const auto noon = t.now();
    t.click("+");
    CHECK(t.now() == noon);
    CHECK(t.advance(24h).now() == noon + 24h);
    t.click("+");
    CHECK(t.value().touched == noon + 24h);
    CHECK(t.value().created == noon);
}

TEST_CASE("a called component takes its caller's place until it answers") {
    test_conversation t{ask{}};
    CHECK(t.click("Go").text() == "Really?\nYes No");
    CHECK(t.click("Yes").text().contains("Heard yes"));
}

TEST_CASE("a repeated event changes nothing") {
    test_conversation t{counter{}};
    t.click("+").repeat_last_event();
    CHECK(t.last() == verdict::repeated);
    CHECK(t.text() == "1 +");
}

TEST_CASE("an event to an instance that has left changes nothing") {
    test_conversation t{ask{}};
    t.click("Go").click("Yes").resend_to_previous();
    CHECK(t.last() == verdict::stale);
    CHECK(t.text().contains("Heard yes"));
}

TEST_CASE("a new event to the previous instance is applied if the instance is still there") {
    test_conversation t{counter{}};
    t.click("+").resend_to_previous();
    CHECK(t.last() == verdict::applied);
    CHECK(t.text() == "2 +");
}

TEST_CASE("a component that throws changes nothing and shows a message") {
    test_conversation t{ask{}};

    t.click("Explode");

    CHECK(t.failed());
    CHECK(t.error() == "no bed left");
    CHECK(t.notices().size() == 1);
    CHECK(t.text().contains("Something went wrong"));
    CHECK(t.text().contains("Heard nothing"));
    CHECK(t.value().revision == 1);

    t.click("Go");
    CHECK_FALSE(t.failed());
    CHECK(t.error() == "");
    CHECK(t.notices().empty());
}

TEST_CASE("an ended conversation shows its last view and takes no more events") {
    test_conversation t{ask{}};

    t.click("Leave");

    CHECK(t.ended());
    CHECK(t.last() == verdict::ended);
    CHECK(t.text() == "Goodbye");
    CHECK(complaint([&] { t.click("Go"); }).starts_with("stube: the conversation has ended"));

    t.resend_to_previous();
    CHECK(t.last() == verdict::stale);
    CHECK(t.text() == "Goodbye");
}

TEST_CASE("a restart restores the conversation from its stored form") {
    test_conversation t{ask{}};
    t.click("Go").restart();
    CHECK(t.text() == "Really?\nYes No");
    CHECK(t.click("No").restart().text().contains("Heard no"));
    CHECK(t.repeat_last_event().last() == verdict::repeated);
}

TEST_CASE("a restart interrupts work") {
    test_conversation t{order{}};
    t.click("Order").restart();
    CHECK(t.text().contains("This was interrupted by a restart."));
    CHECK(t.waiting_work() == 0);

    t.click("Order").run_work();
    CHECK(t.text().contains("Delivered"));
}

TEST_CASE("a restart runs the wakeup hook") {
    test_conversation t{sleeper{}};
    CHECK(t.text() == "Woken 0");
    CHECK(t.restart().text() == "Woken 1");
}

TEST_CASE("a test_conversation can be moved") {
    test_conversation t{counter{}};
    t.click("+");
    test_conversation other = std::move(t);
    CHECK(other.click("+").text() == "2 +");
}
