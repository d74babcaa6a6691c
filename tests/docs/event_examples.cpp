// The examples in the headers of runtime/ about events, messages, forms and tests, header by
// header. Change both: check_header_examples.cmake compares them.

#include <stube/runtime/behavior.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/tree.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

// --- field.hpp

struct euros {
    int cents = 0;

    friend bool operator==(const euros&, const euros&) = default;
};

template <>
struct stube::text_codec<euros> {
    static constexpr std::string_view message = "Enter an amount, such as 12.50";
    static std::optional<euros> parse(std::string_view text);  // nullopt: not an amount
    static std::string print(const euros& amount);
};

std::optional<euros> text_codec<euros>::parse(std::string_view text) {
    const auto point = text.find('.');
    if (point == text.npos || text.size() != point + 3) return std::nullopt;
    const auto digits = std::string(text.substr(0, point)) + std::string(text.substr(point + 1));
    int cents = 0;
    const auto* end = digits.data() + digits.size();
    auto [at, error] = std::from_chars(digits.data(), end, cents);
    if (error != std::errc() || at != end) return std::nullopt;
    return euros{cents};
}

std::string text_codec<euros>::print(const euros& amount) {
    const auto cents = std::to_string(100 + amount.cents % 100);
    return std::to_string(amount.cents / 100) + "." + cents.substr(1);
}

namespace {

namespace forms {

TEST_CASE("example: a field of an application's type") {
    field<euros> price{euros{1205}};
    CHECK(price.text() == "12.05");
}

struct party {
    std::string name;
    int people = 0;
    std::string bed;
};

struct guest {
    static constexpr std::string_view component = "docs/guest";
    using answer_type = party;
    field<std::string> name;
    field<int> people{2};
    field<std::string> bed{"twin"};
    field<bool> agreed;

    static std::vector<std::string> offered() { return {"single", "twin"}; }

    answers<party> next() {
        name.require("Enter your name");
        people.between(1, 4);
        bed.one_of(offered(), "This bed is gone");
        agreed.require("Agree to the rules of the house");
        if (has_errors(*this)) return {};
        return answer(party{name.value(), people.value(), bed.value()});
    }

    markup render() const {
        return form(
            on<"submit", &guest::next>,
            ui::input_for<&guest::name>(*this, "Name"),
            ui::input_for<&guest::people>(*this, "People"),
            fieldset(
                label(input(type("radio"), bind_choice<&guest::bed>(*this, "twin")), "Twin beds")
            ),
            ui::check_box_for<&guest::agreed>(*this, "I agree"),
            button("Next")
        );
    }
};
BOOST_DESCRIBE_STRUCT(guest, (), (name, people, bed, agreed, next))

TEST_CASE("example: the checks of fields in a handler") {
    test_conversation t{guest{}};
    t.fill("People", "5").click("Next");
    CHECK(t.message_at<&guest::name>() == "Enter your name");
    CHECK(t.message_at<&guest::agreed>() == "Agree to the rules of the house");
    CHECK_FALSE(t.message_at<&guest::people>().empty());
    t.fill("Name", "Ada").fill("People", "3").check("I agree").click("Next");
    CHECK(t.ended());
}

}  // namespace forms

// --- binding.hpp

namespace modifiers {

struct board {
    static constexpr std::string_view component = "docs/board_with_query";
    field<std::string> query;
    int id = 3;
    std::string text = "Milk";

    void search() { text = "Found " + query.text(); }

    void remove(int number) { text = "Removed " + std::to_string(number); }

    void close() { text = "Closed"; }

    markup render() const {
        return div(
            input(on<"input", &board::search>.debounce(300ms), bind<&board::query>(*this)),
            button(on<"click", &board::remove>(id).confirm("Delete " + text + "?"), "Delete"),
            section(on<"keydown", &board::close>.key("Escape"), p("Escape closes this.")),
            p(text)
        );
    }
};
BOOST_DESCRIBE_STRUCT(board, (), (query, id, text, search, remove, close))

TEST_CASE("example: the modifiers of an event") {
    test_conversation t{board{}};
    t.fill<&board::query>("oats").send<&board::search>();
    CHECK(t.text().contains("Found oats"));
    t.click("Delete");
    CHECK(t.text().contains("Removed 3"));
    t.send<&board::close>();
    CHECK(t.text().contains("Closed"));
}

}  // namespace modifiers

// --- binding.hpp and messages.hpp: targets

namespace sending {

struct search {
    static constexpr std::string_view component = "docs/search";
    std::string wanted = "milk";

    void clear() { wanted = "all"; }

    markup render() const { return p("Wanted: ", wanted); }
};
BOOST_DESCRIBE_STRUCT(search, (), (wanted, clear))

struct row;

struct board {
    static constexpr std::string_view component = "docs/board";
    slot<search> search_box;
    keyed<row> rows;

    void start();

    effects reset() { return send<&search::clear>(search_box); }

    void remove(int number) { rows.erase(number); }

    markup render() const {
        return div(
            search_box,
            ul(rows),
            button(on<"click", &board::reset>, "Reset"),
            button(on<"click", &search::clear>.to(search_box), "Clear")
        );
    }
};
BOOST_DESCRIBE_STRUCT(board, (), (search_box, rows, reset, remove))

struct row {
    static constexpr std::string_view component = "docs/board_row";
    int number = 0;

    effects done() { return send_up<&board::remove>(number); }

    markup render() const {
        return li(
            "Row ",
            number,
            button(on<"click", &row::done>, "Done"),
            button(on_parent<"click", &board::remove>(number), "Remove")
        );
    }
};
BOOST_DESCRIBE_STRUCT(row, (), (number, done))

void board::start() {
    for (int number : {1, 2, 3})
        rows.push_back(number, row{number});
}

TEST_CASE("example: events and messages between a component and its children") {
    test_conversation t{board{}};
    t.click("Clear");
    CHECK(t.text().contains("Wanted: all"));
    t.click("Reset");
    CHECK_FALSE(t.failed());
    t.within("Row 1").click("Remove").within("Row 2").click("Done");
    CHECK_FALSE(t.text().contains("Row 1"));
    CHECK_FALSE(t.text().contains("Row 2"));
    CHECK(t.text().contains("Row 3"));
}

}  // namespace sending

namespace pointing {

struct row {
    static constexpr std::string_view component = "docs/chart_row";
    bool is_marked = false;

    void mark() { is_marked = true; }

    markup render() const { return li(is_marked ? "Marked" : "Row"); }
};
BOOST_DESCRIBE_STRUCT(row, (), (is_marked, mark))

struct chart {
    static constexpr std::string_view component = "docs/chart";
    keyed<row> rows;

    void start() { rows.push_back(7, row{}); }

    effects point_at(int number) { return send_to<&row::mark>(rows.id(number)); }

    markup render() const {
        return div(ul(rows), button(on<"click", &chart::point_at>(7), "Point"));
    }
};
BOOST_DESCRIBE_STRUCT(chart, (), (rows, point_at))

TEST_CASE("example: a message to one child of a list") {
    test_conversation t{chart{}};
    t.click("Point");
    CHECK(t.text().contains("Marked"));
}

}  // namespace pointing

// --- messages.hpp

namespace time_and_topics {

struct clock {
    static constexpr std::string_view component = "docs/clock";
    int seconds = 0;
    std::string heard;

    effects start() { return after<&clock::tick>(1s) + subscribe<&clock::said>("news"); }
    effects tick() {
        ++seconds;
        return after<&clock::tick>(1s);
    }
    void said(const std::string& text) { heard = text; }

    markup render() const { return p(seconds, " seconds, ", heard); }
};
BOOST_DESCRIBE_STRUCT(clock, (), (seconds, heard, tick, said))

TEST_CASE("example: time and topics") {
    test_conversation t{clock{}};
    CHECK(t.text().contains("0 seconds"));
    t.advance(3s);
    CHECK(t.text().contains("3 seconds"));
    t.publish("news", "Rain");
    CHECK(t.text().contains("Rain"));
}

struct draft {
    static constexpr std::string_view component = "docs/draft";
    int saves = 0;
    int shown = 0;

    effects start() { return subscribe<&draft::picked>("day"); }

    effects typed() { return cancel<&draft::save>() + after<&draft::save>(2s); }

    effects say(const std::string& text) { return publish("news", text); }

    effects pick(int day) { return publish_here("day", day); }

    void save() { ++saves; }

    void picked(int which) { shown = which; }

    markup render() const {
        return p(
            saves,
            " saves, day ",
            shown,
            button(on<"click", &draft::typed>, "Type"),
            button(on<"click", &draft::say>("Snow"), "Say"),
            button(on<"click", &draft::pick>(7), "Pick")
        );
    }
};
BOOST_DESCRIBE_STRUCT(draft, (), (saves, shown, typed, say, pick, save, picked))

TEST_CASE("example: a timer that starts over and a published message") {
    test_conversation t{draft{}};
    t.click("Type").advance(1s).click("Type").advance(1s);
    CHECK(t.text().contains("0 saves"));
    t.advance(1s);
    CHECK(t.text().contains("1 saves"));
    t.click("Say");
    CHECK(t.published() == std::vector<std::string>{R"(news ["Snow"])"});
    t.click("Pick");
    CHECK(t.text().contains("day 7"));
}

int sum_of(int year) {
    return year;
}

struct report {
    static constexpr std::string_view component = "docs/report";
    int year = 2026;
    std::string shown;

    effects load() {
        return run<&report::ready>([year = year] { return sum_of(year); }
        ).or_else<&report::failed>();
    }

    void ready(int sum) { shown = "The sum is " + std::to_string(sum); }

    void failed(const failure& why) { shown = why.message; }

    markup render() const { return p(shown, button(on<"click", &report::load>, "Load")); }
};
BOOST_DESCRIBE_STRUCT(report, (), (year, shown, load, ready, failed))

TEST_CASE("example: work in the background") {
    test_conversation t{report{}};
    t.click("Load").run_work();
    CHECK(t.text().contains("The sum is 2026"));
}

}  // namespace time_and_topics

// --- context.hpp

namespace surroundings_of_a_handler {

struct library {
    std::string lent;

    void lend(std::string_view title, std::string_view to, time_point at) {
        lent = std::string(title) + " to " + std::string(to) + " in " +
               std::to_string(at.time_since_epoch() / std::chrono::hours(24 * 365)) + " years";
    }
};

struct book {
    static constexpr std::string_view component = "docs/book";
    std::string title = "Emma";

    void borrow(context& c) { c.app<library>().lend(title, c.principal().name, c.now()); }

    markup render() const { return p(title, button(on<"click", &book::borrow>, "Borrow")); }
};
BOOST_DESCRIBE_STRUCT(book, (), (title, borrow))

TEST_CASE("example: the application and the user and the time") {
    library books;
    test_conversation t{book{}};
    t.provide(books).principal("ada").click("Borrow");
    CHECK(books.lent == "Emma to ada in 56 years");
}

}  // namespace surroundings_of_a_handler

// --- behavior.hpp

namespace in_the_browser {

struct sketch {
    static constexpr std::string_view component = "docs/sketch";
    int lines = 0;

    void drawn() { ++lines; }

    markup render() const {
        return section(
            div(behavior("demo/sketch", {{"color", "teal"}, {"pen-width", 3}})
                    .event<&sketch::drawn>(),
                preserve()),
            p(lines)
        );
    }
};
BOOST_DESCRIBE_STRUCT(sketch, (), (lines, drawn))

TEST_CASE("example: a behavior's event") {
    test_conversation t{sketch{}};
    t.send<&sketch::drawn>();
    CHECK(t.text().contains("1"));
}

}  // namespace in_the_browser

// --- ui.hpp

namespace dialogs {

struct note {
    static constexpr std::string_view component = "docs/note";
    std::string name = "Milk";
    std::string drink;
    bool is_gone = false;

    effects remove() { return call<ui::confirm>("Delete this?").then<&note::removed>(); }
    effects burn() {
        return call<ui::confirm>("Burn this?", "Burn", "Keep").then<&note::removed>();
    }
    void removed(bool yes) { is_gone = yes; }

    effects rename() { return call<ui::prompt>("Its name?", name).then<&note::named>(); }
    void named(const std::optional<std::string>& text) { name = text.value_or(name); }

    effects save() { return call<ui::info>("Your changes are saved."); }

    markup render() const {
        return p(
            name,
            is_gone ? " is gone" : "",
            button(on<"click", &note::remove>, "Delete"),
            button(on<"click", &note::burn>, "Burn"),
            button(on<"click", &note::rename>, "Rename"),
            button(on<"click", &note::save>, "Save")
        );
    }
};
BOOST_DESCRIBE_STRUCT(note, (), (name, drink, is_gone, remove, burn, removed, rename, named, save))

struct table {
    static constexpr std::string_view component = "docs/table";
    std::string drink;

    effects order() {
        return call<ui::choose>("What to drink?", ui::choices{"Tea", {"oj", "Orange juice"}})
            .then<&table::ordered>();
    }
    void ordered(const std::optional<std::string>& item) { drink = item.value_or("nothing"); }

    markup render() const { return p(drink, button(on<"click", &table::order>, "Order")); }
};
BOOST_DESCRIBE_STRUCT(table, (), (drink, order, ordered))

TEST_CASE("example: dialogs") {
    test_conversation t{note{}};
    t.click("Rename").fill<&ui::prompt::text>("Oat milk").click("OK");
    CHECK(t.text().contains("Oat milk"));
    t.click("Save").click("OK").click("Delete").click("No");
    CHECK_FALSE(t.text().contains("is gone"));
    t.click("Burn").click("Burn");
    CHECK(t.text().contains("is gone"));
    test_conversation other{table{}};
    other.click("Order").click("Orange juice");
    CHECK(other.text().contains("oj"));
}

}  // namespace dialogs

// --- test_conversation.hpp and kernel.hpp

namespace tests {

struct pick_dates {
    static constexpr std::string_view component = "docs/pick_dates";
    using answer_type = std::chrono::year_month_day;
    field<std::chrono::year_month_day> arrival;

    answers<answer_type> next() { return answer(arrival.value()); }

    markup render() const {
        return form(
            on<"submit", &pick_dates::next>,
            ui::input_for<&pick_dates::arrival>(*this, "Arrival"),
            button("Next")
        );
    }
};
BOOST_DESCRIBE_STRUCT(pick_dates, (), (arrival, next))

struct pick_room {
    static constexpr std::string_view component = "docs/pick_a_room";

    markup render() const { return h1("Choose a room"); }
};
BOOST_DESCRIBE_STRUCT(pick_room, (), ())

struct book_room {
    static constexpr std::string_view component = "docs/book_room";

    effects start() { return call<pick_dates>().then<&book_room::dated>(); }

    effects dated(std::chrono::year_month_day) { return call<pick_room>(); }
};
BOOST_DESCRIBE_STRUCT(book_room, (), (dated))

TEST_CASE("example: a test") {
    test_conversation t{book_room{}};
    t.fill<&pick_dates::arrival>("2026-12-01").click("Next");
    CHECK(t.text().contains("Choose a room"));
    t.back();
    CHECK(t.entered<&pick_dates::arrival>() == "2026-12-01");
    t.forward();
    CHECK(t.text().contains("Choose a room"));
}

struct to_do {
    static constexpr std::string_view component = "docs/to_do";
    std::string text;
    bool is_open = false;

    void edit() { is_open = true; }

    markup render() const {
        return li(text, is_open ? " open" : "", button(on<"click", &to_do::edit>, "Edit"));
    }
};
BOOST_DESCRIBE_STRUCT(to_do, (), (text, is_open, edit))

struct to_dos {
    static constexpr std::string_view component = "docs/to_dos";
    keyed<to_do> items;

    void start() {
        items.push_back(1, to_do{"Buy milk"});
        items.push_back(2, to_do{"Buy bread"});
    }

    markup render() const { return ul(items); }
};
BOOST_DESCRIBE_STRUCT(to_dos, (), (items))

TEST_CASE("example: where to click and how to replay events") {
    test_conversation t{to_dos{}};
    const auto beginning = t.value();
    t.within("Buy milk").click("Edit");
    CHECK(t.text().contains("Buy milk open"));

    auto again = replay(beginning, t.events(), {t.now()});

    REQUIRE(again.size() == 1);
    CHECK(tree(again.back().next) == tree(t.value()));
}

}  // namespace tests

}  // namespace
