// The examples in the headers of runtime/ about components, calls and effects, header by header.
// Change both: check_header_examples.cmake compares them.

#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/principal.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

// --- component.hpp

namespace counting {

struct counter {
    static constexpr std::string_view component = "demo/counter";  // stored: never changes
    int n = 0;
    void inc() { ++n; }
    markup render() const { return div(n, button(on<"click", &counter::inc>, "+")); }
};
BOOST_DESCRIBE_STRUCT(counter, (), (n, inc))

TEST_CASE("example: a component") {
    test_conversation t{counter{}};
    t.click("+").click("+");
    CHECK(t.text().contains("2"));
}

}  // namespace counting

namespace awaiting {

struct approval {
    static constexpr std::string_view component = "docs/approval";
    bool is_approved = false;

    void approve() { is_approved = true; }

    audience waits_for() const { return audience::role("approver"); }

    markup render() const {
        return p(
            is_approved ? "Approved" : "Open",
            button(on<"click", &approval::approve>, "Approve")
        );
    }
};
BOOST_DESCRIBE_STRUCT(approval, (), (is_approved, approve))

struct substitution {
    static constexpr std::string_view component = "docs/substitution";
    std::string deputy;

    audience waits_for() const { return audience::user(deputy) | audience::role("manager"); }

    markup render() const { return p(deputy); }
};
BOOST_DESCRIBE_STRUCT(substitution, (), (deputy))

TEST_CASE("example: a component that waits for users with a role") {
    test_conversation t{approval{}};
    t.click("Approve");
    CHECK(t.text().contains("Open"));
    t.as({"Grace", {"approver"}}).click("Approve");
    CHECK(t.text().contains("Approved"));
    test_conversation other{substitution{"Ada"}};
    CHECK(other.text().contains("Ada"));
}

}  // namespace awaiting

namespace versions {

struct visit {
    static constexpr std::string_view component = "docs/visit";
    std::string name;
    int minutes = 0;

    static constexpr int version = 3;
    static void migrate(int from, boost::json::object& state) {
        if (from < 2) state["name"] = state["nmae"];  // renamed
        if (from < 3) state["minutes"] = state["hours"].to_number<int>() * 60;
    }

    markup render() const { return p(name, " ", minutes); }
};
BOOST_DESCRIBE_STRUCT(visit, (), (name, minutes))

TEST_CASE("example: the state of an older version") {
    boost::json::object state{{"nmae", "Ada"}, {"hours", 2}};
    type_of<visit>().migrate(1, state);
    CHECK(state.at("name") == "Ada");
    CHECK(state.at("minutes") == 120);
}

}  // namespace versions

namespace hooks {

struct world {
    int mails = 2;
    std::vector<std::string> left;

    int unread() const { return mails; }

    void leave(std::string_view who) { left.emplace_back(who); }
};

using presence = world;
using mailbox = world;

struct inbox {
    static constexpr std::string_view component = "docs/inbox";
    int unread = 0;

    effects start() { return subscribe<&inbox::arrived>("mail"); }
    void stop(context& c) { c.app<presence>().leave(c.conversation_id()); }
    void wakeup(context& c) { unread = c.app<mailbox>().unread(); }  // may be old by now

    void arrived() { ++unread; }

    effects close() { return end(); }

    markup render() const { return p(unread, " unread", button(on<"click", &inbox::close>, "X")); }
};
BOOST_DESCRIBE_STRUCT(inbox, (), (unread, arrived, close))

TEST_CASE("example: the hooks of a component") {
    world outside;
    test_conversation t{inbox{}};
    t.provide(outside);
    t.publish("mail", "Hello");
    CHECK(t.text().contains("1 unread"));
    t.restart();
    CHECK(t.text().contains("2 unread"));
    t.click("X");
    CHECK(outside.left.size() == 1);
}

}  // namespace hooks

namespace addresses {

struct report {
    static constexpr std::string_view component = "docs/report_of_a_year";
    int year = 2026;

    void next() { ++year; }

    std::string url() const { return "/report?year=" + std::to_string(year); }

    markup render() const { return p(year, button(on<"click", &report::next>, "Next")); }
};
BOOST_DESCRIBE_STRUCT(report, (), (year, next))

struct list {
    static constexpr std::string_view component = "docs/list";
    static constexpr std::string_view styles = "display: grid; & > .row { gap: .5rem }";
    static constexpr std::string_view modules = "/notes.js";  // or an array of several
    int page = 1;

    void next() { ++page; }

    page_url url() const { return pushed("/list?page=" + std::to_string(page)); }

    markup render() const { return p(page, button(on<"click", &list::next>, "Next")); }
};
BOOST_DESCRIBE_STRUCT(list, (), (page, next))

struct finder {
    static constexpr std::string_view component = "docs/finder";
    std::string words;

    void find(std::string what) { words = what; }

    std::string url() const { return "/list?words=" + query_value(words); }

    markup render() const { return button(on<"click", &finder::find>("bed & breakfast"), "Find"); }
};
BOOST_DESCRIBE_STRUCT(finder, (), (words, find))

TEST_CASE("example: the address of a state") {
    test_conversation r{report{}};
    r.click("Next");
    CHECK(r.url() == "/report?year=2027");
    test_conversation l{list{}};
    l.click("Next");
    CHECK(l.url() == "/list?page=2");
    l.back();
    CHECK(l.text().contains("1"));
    test_conversation f{finder{}};
    f.click("Find");
    CHECK(f.url() == "/list?words=bed%20%26%20breakfast");
}

}  // namespace addresses

// --- slot.hpp

namespace places {

using counting::counter;

struct ticket {
    static constexpr std::string_view component = "docs/ticket";
    int number = 0;

    markup render() const { return li("Ticket ", number); }
};
BOOST_DESCRIBE_STRUCT(ticket, (), (number))

struct desk {
    static constexpr std::string_view component = "demo/desk";
    slot<counter> visitors;  // one child
    keyed<ticket> tickets;   // children by key, in order
    void open(int number) { tickets.push_back(number, ticket{number}); }
    markup render() const { return div(visitors, ul(tickets)); }
};
BOOST_DESCRIBE_STRUCT(desk, (), (visitors, tickets, open))

struct desk_with_button : desk {
    static constexpr std::string_view component = "docs/desk_with_button";

    markup render() const {
        return div(desk::render(), button(on<"click", &desk::open>(7), "Open"));
    }
};
BOOST_DESCRIBE_STRUCT(desk_with_button, (desk), ())

TEST_CASE("example: components within a component") {
    test_conversation plain{desk{}};
    plain.click("+");
    CHECK(plain.text().contains("1"));
    test_conversation t{desk_with_button{}};
    t.click("Open");
    CHECK(t.text().contains("Ticket 7"));
}

struct pick_day {
    static constexpr std::string_view component = "docs/pick_day";
    using answer_type = int;

    answers<int> first() { return answer(1); }

    markup render() const { return p(button(on<"click", &pick_day::first>, "First")); }
};
BOOST_DESCRIBE_STRUCT(pick_day, (), (first))

struct planner {
    static constexpr std::string_view component = "docs/planner";
    slot<pick_day> day = slot<pick_day>().then<&planner::picked>();
    keyed<pick_day> days = keyed<pick_day>().then<&planner::picked>();
    int chosen = 0;

    void picked(int which) { chosen = which; }

    markup render() const { return div(day, ul(days), p("Day ", chosen)); }
};
BOOST_DESCRIBE_STRUCT(planner, (), (day, days, chosen, picked))

TEST_CASE("example: the answer of a component in a slot") {
    test_conversation t{planner{}};
    t.click("First");
    CHECK(t.text().contains("Day 1"));
}

struct pay {
    static constexpr std::string_view component = "docs/pay";
    using answer_type = int;

    answers<int> cash() { return answer(12); }

    effects card() { return fail("No cards here."); }

    markup render() const {
        return p(button(on<"click", &pay::cash>, "Cash"), button(on<"click", &pay::card>, "Card"));
    }
};
BOOST_DESCRIBE_STRUCT(pay, (), (cash, card))

struct shop {
    static constexpr std::string_view component = "docs/shop";
    slot<pay> till = slot<pay>().then<&shop::paid>().or_else<&shop::refused>();
    std::string note;

    void paid(int amount) { note = "Paid: " + std::to_string(amount); }

    void refused(const failure& why) { note = why.message; }

    markup render() const { return div(till, p(note)); }
};
BOOST_DESCRIBE_STRUCT(shop, (), (till, note, paid, refused))

TEST_CASE("example: the failure of a component in a slot") {
    test_conversation t{shop{}};
    t.click("Card");
    CHECK(t.text().contains("No cards here."));
    t.click("Cash");
    CHECK(t.text().contains("Paid: 12"));
}

struct item {
    int number = 0;
    std::string text;
};

struct row {
    static constexpr std::string_view component = "docs/shopping_row";
    std::string text;

    markup render() const { return li(text); }
};
BOOST_DESCRIBE_STRUCT(row, (), (text))

struct shopping {
    static constexpr std::string_view component = "docs/shopping";
    keyed<row> rows;

    void fill() {
        const std::vector<item> items = {{1, "Bread"}, {2, "Salt"}};
        rows.assign(items, &item::number, [](const item& i) { return row{i.text}; });
    }

    void add() { rows.push_back(7, row{"Milk"}); }

    void change() {
        rows.clear();
        rows.push_back(7, row{"Milk"});
        rows.set(7, row{"Oat milk"});
        rows.move(7, 0);  // to the top
        rows.erase(7);
    }

    markup render() const {
        return div(
            ul(rows),
            button(on<"click", &shopping::fill>, "Fill"),
            button(on<"click", &shopping::add>, "Add"),
            button(on<"click", &shopping::change>, "Change")
        );
    }
};
BOOST_DESCRIBE_STRUCT(shopping, (), (rows, fill, add, change))

TEST_CASE("example: a list of components") {
    test_conversation t{shopping{}};
    t.click("Fill").click("Add");
    CHECK(t.text().contains("Bread\nSalt\nMilk"));
    t.click("Change");
    CHECK_FALSE(t.text().contains("Milk"));
}

}  // namespace places

// --- call.hpp

namespace calling {

struct pick_room {
    static constexpr std::string_view component = "docs/pick_room";
    using answer_type = int;
    int guests = 1;

    answers<int> take() { return answer(100 + guests); }

    effects refuse() { return fail("There is no room."); }

    markup render() const {
        return p(
            button(on<"click", &pick_room::take>, "Take it"),
            button(on<"click", &pick_room::refuse>, "None")
        );
    }
};
BOOST_DESCRIBE_STRUCT(pick_room, (), (guests, take, refuse))

struct front_desk {
    static constexpr std::string_view component = "docs/front_desk";
    int guests = 2;
    std::string note;

    effects book() {
        return call<pick_room>(guests).then<&front_desk::chosen>().or_else<&front_desk::full>();
    }
    void chosen(int room) { note = "Room " + std::to_string(room); }
    void full(const failure& why) { note = why.message; }

    markup render() const { return p(note, button(on<"click", &front_desk::book>, "Book")); }
};
BOOST_DESCRIBE_STRUCT(front_desk, (), (guests, note, book, chosen, full))

TEST_CASE("example: a call and its answer or failure") {
    test_conversation t{front_desk{}};
    t.click("Book").click("Take it");
    CHECK(t.text().contains("Room 102"));
    t.click("Book").click("None");
    CHECK(t.text().contains("There is no room."));
}

struct shown_text {
    static constexpr std::string_view component = "docs/shown_text";
    std::string text;

    markup render() const { return p(text); }
};
BOOST_DESCRIBE_STRUCT(shown_text, (), (text))

struct edit_text {
    static constexpr std::string_view component = "docs/edit_text";
    using answer_type = std::string;
    field<std::string> text;

    answers<std::string> save() { return answer(text.value()); }

    markup render() const {
        return form(
            on<"submit", &edit_text::save>,
            ui::input_for<&edit_text::text>(*this, "Text"),
            button("Save")
        );
    }
};
BOOST_DESCRIBE_STRUCT(edit_text, (), (text, save))

struct item {
    static constexpr std::string_view component = "docs/item";
    std::string text = "Milk";
    slot<shown_text> line{shown_text{"Milk"}};

    effects edit() { return call<edit_text>(text).in<&item::line>().then<&item::edited>(); }

    effects help() { return call<ui::info>("Double-click to edit.").on_page(); }

    void edited(const std::string& now) {
        text = now;
        line = shown_text{now};
    }

    markup render() const {
        return div(
            line,
            button(on<"click", &item::edit>, "Edit"),
            button(on<"click", &item::help>, "Help")
        );
    }
};
BOOST_DESCRIBE_STRUCT(item, (), (text, line, edit, help, edited))

TEST_CASE("example: a call in a slot and a call over the whole page") {
    test_conversation t{item{}};
    t.click("Edit").fill("Text", "Oat milk").click("Save");
    CHECK(t.text().contains("Oat milk"));
    t.click("Help");
    CHECK_FALSE(t.text().contains("Oat milk"));
    CHECK(t.text().contains("Double-click to edit."));
}

struct payment {
    static constexpr std::string_view component = "docs/payment";
    int total = 0;

    markup render() const { return p("To pay: ", total); }
};
BOOST_DESCRIBE_STRUCT(payment, (), (total))

struct basket {
    static constexpr std::string_view component = "docs/basket";
    int total = 12;

    effects checkout() { return become<payment>(total); }

    markup render() const { return p(button(on<"click", &basket::checkout>, "Check out")); }
};
BOOST_DESCRIBE_STRUCT(basket, (), (total, checkout))

TEST_CASE("example: a component that becomes another") {
    test_conversation t{basket{}};
    t.click("Check out");
    CHECK(t.text().contains("To pay: 12"));
}

}  // namespace calling

// --- effects.hpp

namespace returned {

struct question {
    static constexpr std::string_view component = "docs/question";
    using answer_type = bool;

    answers<bool> yes() { return answer(true); }

    effects refuse() { return fail("This card is not accepted."); }

    effects lost() { return fail_because("Payments are down.", "bank: no answer in 5 s"); }

    effects leave() { return end(p("Goodbye.")); }

    effects previous() { return back(); }

    markup render() const {
        return p(
            button(on<"click", &question::yes>, "Yes"),
            button(on<"click", &question::refuse>, "Refuse"),
            button(on<"click", &question::lost>, "Lost"),
            button(on<"click", &question::leave>, "Leave"),
            button(on<"click", &question::previous>, "Back")
        );
    }
};
BOOST_DESCRIBE_STRUCT(question, (), (yes, refuse, lost, leave, previous))

struct receipt {
    static constexpr std::string_view component = "docs/receipt";
    int total = 0;

    markup render() const { return p("Paid: ", total); }
};
BOOST_DESCRIBE_STRUCT(receipt, (), (total))

struct till {
    static constexpr std::string_view component = "docs/till";
    int total = 12;
    bool heard = false;

    effects pay() { return no_way_back() + call<receipt>(total); }

    effects ask() { return call<question>().then<&till::told>(); }

    void told(bool yes) { heard = yes; }

    markup render() const {
        return p(
            heard ? "Heard" : "Till",
            button(on<"click", &till::pay>, "Pay"),
            button(on<"click", &till::ask>, "Ask")
        );
    }
};
BOOST_DESCRIBE_STRUCT(till, (), (total, heard, pay, ask, told))

TEST_CASE("example: the ways to leave a component") {
    test_conversation t{till{}};
    t.click("Ask").click("Yes");
    CHECK(t.text().contains("Heard"));
    t.click("Ask").click("Refuse");
    CHECK(t.notices() == std::vector<std::string>{"This card is not accepted."});
    t.click("Ask").click("Lost");
    CHECK(t.notices() == std::vector<std::string>{"Payments are down."});
    CHECK(t.error() == "bank: no answer in 5 s");
    t.click("Ask").click("Back");
    CHECK(t.text().contains("Heard"));
    t.click("Ask").click("Leave");
    CHECK(t.ended());
    CHECK(t.text() == "Goodbye.");
}

TEST_CASE("example: a point of no return") {
    test_conversation t{till{}};
    t.click("Pay").back();
    CHECK(t.text() == "Paid: 12");
}

struct letter {
    static constexpr std::string_view component = "docs/letter";
    int number = 4711;

    effects save_draft() { return keep(); }
    effects discard() { return keep(false); }
    effects submit() { return write_alias("order-" + std::to_string(number)); }

    markup render() const {
        return div(
            button(on<"click", &letter::save_draft>, "Save draft"),
            button(on<"click", &letter::discard>, "Discard"),
            button(on<"click", &letter::submit>, "Submit")
        );
    }
};
BOOST_DESCRIBE_STRUCT(letter, (), (number, save_draft, discard, submit))

TEST_CASE("example: a conversation that is worth keeping") {
    test_conversation t{letter{}};
    CHECK(t.click("Save draft").is_kept());
    CHECK_FALSE(t.click("Discard").is_kept());
}

TEST_CASE("example: an alias") {
    test_conversation t{letter{}};
    CHECK(t.click("Submit").aliases() == std::vector<std::string>{"order-4711"});
}

struct notes {
    static constexpr std::string_view component = "docs/notes";

    effects open(const std::string& name) { return set_title(name + " - Notes"); }

    effects saved() { return client_event("notes:saved", R"({"number":7})"); }

    effects show(int number) { return push_url("/notes?number=" + std::to_string(number)); }

    effects sort() { return replace_url("/notes?sorted=true"); }

    effects find() { return focus_on("search"); }

    effects newest() { return scroll_to("end"); }

    effects half() { return patch_element("progress", p("Half of it is done.")); }

    effects quiet() { return unsubscribe("news"); }

    markup render() const {
        return div(
            input(own_id{"id", "search"}),
            p(own_id{"id", "progress"}),
            button(on<"click", &notes::open>("Milk"), "Open"),
            button(on<"click", &notes::saved>, "Save"),
            button(on<"click", &notes::show>(7), "Show"),
            button(on<"click", &notes::sort>, "Sort"),
            button(on<"click", &notes::find>, "Find"),
            button(on<"click", &notes::newest>, "Newest"),
            button(on<"click", &notes::half>, "Half"),
            button(on<"click", &notes::quiet>, "Quiet"),
            p(own_id{"id", "end"})
        );
    }
};
BOOST_DESCRIBE_STRUCT(notes, (), (open, saved, show, sort, find, newest, half, quiet))

std::string told(const test_conversation& t) {
    return t.patches().empty() ? "" : t.patches().back().json;
}

TEST_CASE("example: commands to the page") {
    test_conversation t{notes{}};
    t.click("Open");
    CHECK(t.title() == "Milk - Notes");
    t.click("Save");
    CHECK(t.client_events() == std::vector<std::string>{R"(notes:saved {"number":7})"});
    t.click("Show");
    CHECK(t.url() == "/notes?number=7");
    t.click("Sort");
    CHECK(t.url() == "/notes?sorted=true");
    t.click("Find");
    CHECK(told(t) == R"({"focus":"i1-search"})");
    t.click("Newest");
    CHECK(told(t) == R"({"scroll":"i1-end"})");
    t.click("Half");
    REQUIRE_FALSE(t.patches().empty());
    CHECK(t.patches().back().kind == patch_kind::element);
    t.click("Quiet");
    CHECK_FALSE(t.failed());
}

}  // namespace returned

}  // namespace
