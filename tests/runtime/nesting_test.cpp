#include "runtime/kernel/markup_check.hpp"

#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

// Elements that the parser of a browser would move are found in the markup.

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

/// "inner in outer" for the first element that a browser would move; empty without one.
std::string misplaced(std::string_view html) {
    const auto page = html_tree::parse(html);
    const auto found = html_tree::find_misplaced(*page);
    if (!found) return {};
    return (found->inner->tag.empty() ? "text" : found->inner->tag) + " in " + found->outer->tag;
}

struct search {
    static constexpr std::string_view component = "nesting/search";
    std::string said;

    void find() { said = "found"; }

    markup render() const { return form(on<"submit", &search::find>, button("Find"), said); }
};
BOOST_DESCRIBE_STRUCT(search, (), (said, find))

/// A form around a component that renders a form too, once the component is shown.
struct order {
    static constexpr std::string_view component = "nesting/order";
    slot<search> box;
    bool is_open = false;

    void save() {}

    void open() { is_open = true; }

    markup render() const {
        return div(
            button(on<"click", &order::open>, "Open"),
            form(on<"submit", &order::save>, button("Save"), when(is_open, box))
        );
    }
};
BOOST_DESCRIBE_STRUCT(order, (), (box, is_open, save, open))

struct line {
    static constexpr std::string_view component = "nesting/line";
    int number = 0;

    markup render() const { return tr(td(number)); }
};
BOOST_DESCRIBE_STRUCT(line, (), (number))

struct bill {
    static constexpr std::string_view component = "nesting/bill";
    keyed<line> lines;
    bool has_id = false;

    void add_on_top(int number) { lines.insert(0, number, line{number}); }

    markup render() const {
        if (has_id) return div(table(thead(tr(th("Number")))), ul(id("lines"), lines));
        return div(table(class_("wide"), lines), button(on<"click", &bill::add_on_top>(0), "Add"));
    }
};
BOOST_DESCRIBE_STRUCT(bill, (), (lines, has_id, add_on_top))

struct item {
    static constexpr std::string_view component = "nesting/item";
    int number = 0;

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(item, (), (number))

/// Renders nothing but a list.
struct items {
    static constexpr std::string_view component = "nesting/items";
    keyed<item> all;

    void start() { add_on_top(0); }

    void add_on_top(int number) { all.insert(0, number, item{number}); }

    markup render() const { return ul(all); }
};
BOOST_DESCRIBE_STRUCT(items, (), (all, add_on_top))

markup item::render() const {
    return li(number, button(on<"click", &items::add_on_top>(0), "Add"));
}

}  // namespace

TEST_CASE("a form in a form is found even through tables and other elements") {
    CHECK(misplaced("<form><div><form></form></div></form>") == "form in form");
    CHECK(
        misplaced("<form><table><tbody><tr><td><form></form></td></tr></tbody></table></form>") ==
        "form in form"
    );
    CHECK(misplaced("<form></form><form></form>").empty());
}

TEST_CASE("an element that ends a paragraph is found in one") {
    for (std::string tag :
         {"div", "p", "ul", "ol", "table", "form", "h1", "section", "dialog", "li"})
        CHECK(misplaced("<p><" + tag + "></" + tag + "></p>") == tag + " in p");
    CHECK(misplaced("<p><span><div></div></span></p>") == "div in p");
    CHECK(misplaced("<p><span>x</span> <b>y</b><br><input></p>").empty());
    CHECK(misplaced("<p><button><div></div></button></p>").empty());
    CHECK(misplaced("<div><p></p><ul><li><p></p></li></ul></div>").empty());
}

TEST_CASE("a link or button or select or heading within another one is found") {
    CHECK(misplaced("<a href=\"/\"><b><a>x</a></b></a>") == "a in a");
    CHECK(misplaced("<button><span><button>x</button></span></button>") == "button in button");
    CHECK(misplaced("<select><select></select></select>") == "select in select");
    CHECK(misplaced("<h2><h3>x</h3></h2>") == "h3 in h2");
    CHECK(misplaced("<a>x</a><a>y</a>").empty());
}

TEST_CASE("a control or link in a button or link is found") {
    CHECK(misplaced("<button><input></button>") == "input in button");
    CHECK(misplaced("<button><a href=\"/\">x</a></button>") == "a in button");
    CHECK(misplaced("<a href=\"/\"><button>x</button></a>") == "button in a");
    CHECK(misplaced("<a href=\"/\"><select></select></a>") == "select in a");
    CHECK(misplaced("<button><input type=\"hidden\"></button>").empty());
    CHECK(misplaced("<a><button>x</button></a>").empty());  // not a link, without href
}

TEST_CASE("a select with other elements than options and an option with elements are found") {
    CHECK(misplaced("<select><optgroup label=a><option>x</option></optgroup><hr></select>") == "");
    CHECK(misplaced("<select><option>x</option> </select>") == "");
    CHECK(misplaced("<select><div><option>x</option></div></select>") == "div in select");
    CHECK(misplaced("<select><optgroup><b>x</b></optgroup></select>") == "b in optgroup");
    CHECK(misplaced("<select><option><b>x</b></option></select>") == "b in option");
}

TEST_CASE("an item in an item without a list between them is found") {
    CHECK(misplaced("<ul><li><div><li></li></div></li></ul>") == "li in li");
    CHECK(misplaced("<dl><dt><dd></dd></dt></dl>") == "dd in dt");
    CHECK(misplaced("<ul><li><ul><li></li></ul></li></ul>").empty());
    CHECK(misplaced("<ul><li><section><li></li></section></li></ul>").empty());
}

TEST_CASE("anything but rows in a table and cells in a row is found") {
    CHECK(misplaced("<table><div></div></table>") == "div in table");
    CHECK(misplaced("<table>text</table>") == "text in table");
    CHECK(misplaced("<table><tbody><td></td></tbody></table>") == "td in tbody");
    CHECK(misplaced("<table><tbody><tr>text</tr></tbody></table>") == "text in tr");
    CHECK(misplaced("<table><tbody><tr><form></form></tr></tbody></table>") == "form in tr");
    CHECK(misplaced("<table>\n<tr><td>x</td><th>y</th></tr></table>").empty());
    CHECK(misplaced("<table><caption>x</caption><colgroup><col></colgroup><thead></thead>"
                    "<tbody><tr><td><table></table></td></tr></tbody></table>")
              .empty());
}

TEST_CASE("a part of a table outside of a table is found") {
    CHECK(misplaced("<div><tr></tr></div>") == "tr in div");
    CHECK(misplaced("<div><td></td></div>") == "td in div");
    CHECK(misplaced("<div><tbody></tbody></div>") == "tbody in div");
    CHECK(misplaced("<tr></tr>") == "tr in ");
    CHECK(misplaced("<template><tr></tr></template>").empty());
}

TEST_CASE("a test fails on a form that a child renders within the form of its owner") {
    test_conversation t{order{}};
    std::string said;
    try {
        t.click("Open");
    } catch (const std::logic_error& e) {
        said = e.what();
    }
    CHECK(
        said == "stube: nesting/search has <form> in the <form> of nesting/order. Browsers "
                "change this: the inner form is dropped"
    );
}

TEST_CASE("a list of rows in a table gets a tbody") {
    test_conversation t{bill{}};
    t.send<&bill::add_on_top>(1).send<&bill::add_on_top>(2);
    CHECK(t.text().contains("2\n1"));
    CHECK(t.html().starts_with(
        "<div id=\"i1\"><table class=\"wide\"><tbody id=\"i1-lines\"><tr id=\"i3\"><td>2</td></tr>"
        "<tr id=\"i2\"><td>1</td></tr></tbody></table>"
    ));
}

TEST_CASE("a list in an element with an id is refused with the name of the component") {
    bill numbered;
    numbered.has_id = true;
    test_conversation t{numbered};
    CHECK(t.failed());
    CHECK(t.error().starts_with("stube: nesting/bill: <ul> with a keyed<...> list cannot have"));
}

TEST_CASE("a component that renders only a list shows the children that are added") {
    test_conversation t{items{}};
    t.send<&items::add_on_top>(1).send<&items::add_on_top>(2);
    CHECK(t.text() == "2 Add\n1 Add\n0 Add");
    CHECK(t.html().starts_with("<div id=\"i1\"><ul id=\"i1-all\">"));
}
