#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

/// The application's object: records the hooks that ran.
struct diary {
    std::vector<std::string> lines;
};

using lines = std::vector<std::string>;

struct question {
    static constexpr std::string_view component = "history/question";

    answers<> yes() { return answer(); }

    markup render() const { return p("Sure?", button(on<"click", &question::yes>, "Yes")); }
};
BOOST_DESCRIBE_STRUCT(question, (), (yes))

struct row {
    static constexpr std::string_view component = "history/row";
    std::string name;

    void start(context& c) { c.app<diary>().lines.push_back(name + " starts"); }

    void stop(context& c) { c.app<diary>().lines.push_back(name + " stops"); }

    void wakeup(context& c) { c.app<diary>().lines.push_back(name + " wakes"); }

    markup render() const { return li(name); }
};
BOOST_DESCRIBE_STRUCT(row, (), (name))

/// Sets its address by hand.
struct notes {
    static constexpr std::string_view component = "history/notes";
    int number = 0;

    effects open(int which) {
        number = which;
        return push_url("/notes?number=" + std::to_string(which));
    }

    markup render() const { return p(number, button(on<"click", &notes::open>(1), "Open")); }
};
BOOST_DESCRIBE_STRUCT(notes, (), (number, open))

struct board {
    static constexpr std::string_view component = "history/board";
    int n = 0;
    keyed<row> rows;

    void inc() { ++n; }

    effects ask() { return call<question>(); }

    void add(int key) { rows.push_back(key, row{"row " + std::to_string(key)}); }

    void rename(int key) { rows.set(key, row{"other " + std::to_string(key)}); }

    effects inc_and_ask() {
        ++n;
        return call<question>();
    }

    effects undo() {
        n = 100;
        return back();
    }

    effects later() { return after<&board::ask>(10s); }

    markup render() const {
        return section(
            "n ",
            n,
            button(on<"click", &board::inc>, "+"),
            button(on<"click", &board::ask>, "Ask"),
            button(on<"click", &board::add>(1), "Add"),
            button(on<"click", &board::rename>(1), "Rename"),
            button(on<"click", &board::inc_and_ask>, "Both"),
            button(on<"click", &board::undo>, "Undo"),
            button(on<"click", &board::later>, "Later"),
            ul(rows)
        );
    }
};
BOOST_DESCRIBE_STRUCT(board, (), (n, rows, inc, ask, add, rename, inc_and_ask, undo, later))

}  // namespace

TEST_CASE("any text can be written into the query of an address") {
    CHECK(query_value("Ada-1_2.3~/x") == "Ada-1_2.3~/x");
    CHECK(query_value("a b&c=d?#%+\n") == "a%20b%26c%3Dd%3F%23%25%2B%0A");
    CHECK(query_value("\xC3\xA9") == "%C3%A9");
}

TEST_CASE("Back and Forward restore the address of a step") {
    test_conversation t{notes{}};
    t.send<&notes::open>(1).send<&notes::open>(2);
    CHECK(t.url() == "/notes?number=2");

    t.back();
    CHECK(t.url() == "/notes?number=1");
    CHECK(t.value().url == "/notes?number=1");

    t.restart().forward();
    CHECK(t.text().contains("2"));
    CHECK(t.url() == "/notes?number=2");
    t.back().back();
    CHECK(t.text().contains("0"));
    CHECK(t.value().url.empty());
}

TEST_CASE("Back returns to the caller and Forward to the callee") {
    test_conversation t{board{}};
    t.click("+").click("Ask");
    CHECK(t.text() == "Sure? Yes");
    CHECK(t.back().text().contains("n 1"));
    CHECK(t.forward().text() == "Sure? Yes");
}

TEST_CASE("an event that only changes a component makes no step") {
    test_conversation t{board{}};
    t.click("+").click("+");
    CHECK(t.value().past.empty());
    t.back();
    CHECK(t.last() == verdict::stale);
    CHECK(t.text().contains("n 2"));
}

TEST_CASE("Back undoes the changes of the handler that made the step") {
    test_conversation t{board{}};
    t.click("Both");
    CHECK(t.back().text().contains("n 0"));
}

TEST_CASE("a new step after Back replaces the later steps and takes a fresh instance id") {
    test_conversation t{board{}};
    t.click("Ask");
    CHECK(t.value().top().id == 2);
    t.back().click("Ask");
    CHECK(t.value().top().id == 3);
    CHECK(t.value().future.empty());
    CHECK(t.value().step == 3);
}

TEST_CASE("any user event after Back discards the steps of Forward") {
    test_conversation t{board{}};
    t.click("Ask").back();
    CHECK(t.value().future.size() == 1);
    t.click("+");
    CHECK(t.value().future.empty());
}

TEST_CASE("a handler can go back and its changes are discarded") {
    test_conversation t{board{}};
    t.click("+").click("Ask").click("Yes");
    CHECK(t.value().step == 3);
    t.click("Undo");
    CHECK(t.text() == "Sure? Yes");
    CHECK(t.value().step == 2);
}

TEST_CASE("a handler that goes back from the first step changes nothing") {
    test_conversation t{board{}};
    t.click("Undo");
    CHECK(t.last() == verdict::stale);
    CHECK(t.text().contains("n 0"));
}

TEST_CASE("Back walks thirty-two steps and no more") {
    test_conversation t{board{}};
    for (int n = 0; n < 40; ++n)
        t.click("Ask").click("Yes");
    CHECK(t.value().past.size() == 32);
    for (int n = 0; n < 32; ++n)
        CHECK(t.back().last() == verdict::applied);
    CHECK(t.back().last() == verdict::stale);
    CHECK(t.value().step == 81 - 32);
}

TEST_CASE("Back and Forward survive a restart") {
    diary d;
    test_conversation t{board{}};
    t.provide(d).click("Add").click("Both").back().restart();
    CHECK(t.text().contains("row 1"));
    CHECK(t.forward().text() == "Sure? Yes");
    t.restart();
    CHECK(t.back().text().contains("n 0"));
}

TEST_CASE("a timer makes no step") {
    test_conversation t{board{}};
    t.click("Later").advance(10s);
    CHECK(t.text() == "Sure? Yes");
    CHECK(t.value().past.empty());
}

TEST_CASE("Back stops the components of the later step and Forward wakes them") {
    diary d;
    test_conversation t{board{}};
    t.provide(d).click("Ask").click("Yes").click("Add");
    CHECK(d.lines == lines{"row 1 starts"});
    t.back();
    CHECK(d.lines == lines{"row 1 starts", "row 1 stops"});
    t.forward();
    CHECK(d.lines == lines{"row 1 starts", "row 1 stops", "row 1 wakes"});
}

TEST_CASE("Back stops a child that was remade since and wakes the earlier one") {
    diary d;
    test_conversation t{board{}};
    t.provide(d).click("Add").click("Ask").click("Yes").click("Rename");
    d.lines.clear();
    t.back();
    CHECK(d.lines == lines{"row 1 wakes", "other 1 stops"});
}

TEST_CASE("the page receives the number of the step that it shows") {
    test_conversation t{board{}};
    t.click("Ask");
    CHECK(t.patches().back().json == "{\"step\":2,\"push\":true}");
    t.back();
    CHECK(t.patches().back().json == "{\"step\":1,\"push\":false}");
    t.forward();
    CHECK(t.patches().back().json == "{\"step\":2,\"push\":false}");
}
