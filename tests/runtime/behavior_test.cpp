#include <stube/runtime/behavior.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

/// Writes an event as `<member of 3>`, with its DOM event if it has one.
class angles final : public markup_wire {
public:
    void event(std::string& out, const hole& h) const override {
        out.append("<").append(h.name).append(" of ").append(std::to_string(h.instance));
        if (!h.event.empty()) out.append(" on ").append(h.event);
        out += ">";
    }
};

std::string written(const markup& m, std::uint64_t instance) {
    markup composed;
    compose(composed, m, instance, [](const hole&) {});
    std::string out;
    write_markup(out, composed, angles());
    return out;
}

struct sheet {
    static constexpr std::string_view component = "test/sheet";
    static constexpr std::string_view styles = "color: red";
    static constexpr std::string_view modules = "/sheet.js";
    int strokes = 0;
    int erased = 0;

    void drawn(int points) { strokes += points; }

    void erase() { ++erased; }

    void forbidden() { strokes = -1; }

    markup render() const {
        return div(
            span("strokes ", strokes),
            div(behavior("test/draw", {{"color", "red"}}).event<&sheet::drawn>(), preserve())
        );
    }
};
BOOST_DESCRIBE_STRUCT(sheet, (), (strokes, erased, drawn, erase, forbidden))

struct pages {
    static constexpr std::string_view component = "test/\"pages\"";
    static constexpr std::string_view styles = "";
    static constexpr std::array<std::string_view, 2> modules{"/a.js", "/b.js"};

    markup render() const { return fragment(p("one"), p(own_id{"id", "two"}, "two")); }
};
BOOST_DESCRIBE_STRUCT(pages, (), ())

struct plain {
    static constexpr std::string_view component = "test/plain";

    markup render() const { return p("plain"); }
};
BOOST_DESCRIBE_STRUCT(plain, (), ())

template <class C>
std::string rendered(const C& state) {
    const principal anonymous;
    const context nobody("", anonymous, anonymous, {}, nullptr, nullptr);
    return written(type_of<C>().render(&state, nobody), 7);
}

}  // namespace

TEST_CASE("a behavior is an attribute with its arguments") {
    const auto with = behavior(
        "demo/sketch",
        {{"color", "a \"b\" & <c>"},
         {"pen-width", 3},
         {"scale", 0.5},
         {"dark", true},
         {"title", std::string("t")}}
    );
    CHECK(
        written(div(with), 7) ==
        "<div id=\"i7\" data-stube-behavior=\"demo/sketch\" "
        "data-stube-arg-color=\"a &quot;b&quot; &amp; &lt;c&gt;\" data-stube-arg-pen-width=\"3\" "
        "data-stube-arg-scale=\"0.5\" data-stube-arg-dark=\"true\" "
        "data-stube-arg-title=\"t\"></div>"
    );
    CHECK(
        written(div(when(false, behavior("a")), when(true, behavior("b"))), 7) ==
        "<div id=\"i7\" data-stube-behavior=\"b\"></div>"
    );
}

TEST_CASE("a behavior has the addresses of the members that it may send to") {
    const auto two = behavior("a").event<&sheet::drawn>().event<&sheet::erase>();
    CHECK(
        written(div(p(on<"click", &sheet::erase>, two)), 7) ==
        "<div id=\"i7\"><p<erase of 7 on click> data-stube-behavior=\"a\" "
        "data-stube-events=\"<drawn of 7> <erase of 7>\"></p></div>"
    );
}

TEST_CASE("an invalid name of a behavior or of its argument is refused") {
    for (const auto* name : {"", "/", "/a", "a/", "a//b", "a b", "a.js", "..", "\"", "ä"}) {
        CAPTURE(std::string(name));
        CHECK_THROWS_AS(behavior{name}, std::invalid_argument);
    }
    for (const auto* name : {"", "Color", "pen_width", "a b", "1st", "-a", "\""}) {
        CAPTURE(std::string(name));
        CHECK_THROWS_AS(behavior("a", {{name, 1}}), std::invalid_argument);
    }
    CHECK_NOTHROW(behavior("Demo_1/sub-part/x", {{"a1-b", 1}}));
}

TEST_CASE("an element can be marked to keep its children") {
    CHECK(
        written(div(div(preserve(), "kept")), 7) ==
        "<div id=\"i7\"><div data-stube-preserve>kept</div></div>"
    );
}

TEST_CASE("a member takes events from a behavior only if the behavior lists it") {
    test_conversation t{sheet{}};
    t.send<&sheet::drawn>(4);
    CHECK(t.text().contains("strokes 4"));

    const auto takes_events = [](std::string_view member) {
        return *type_of<sheet>().find(member)->on_event != nullptr;
    };
    CHECK(takes_events("drawn"));
    CHECK_FALSE(takes_events("forbidden"));
}

TEST_CASE("the element of a component with styles carries the name of the component") {
    CHECK(
        rendered(sheet{}) ==
        "<div id=\"i7\" data-stube-component=\"test/sheet\"><span>strokes 0</span>"
        "<div data-stube-behavior=\"test/draw\" data-stube-arg-color=\"red\" "
        "data-stube-events=\"<drawn of 7>\" data-stube-preserve></div></div>"
    );
    CHECK(
        rendered(pages{}) ==
        "<div id=\"i7\" data-stube-component=\"test/&quot;pages&quot;\"><p>one</p>"
        "<p id=\"i7-two\">two</p></div>"
    );
    CHECK(rendered(plain{}) == "<p id=\"i7\">plain</p>");
}

TEST_CASE("a component type records its styles and modules") {
    const auto& sheet_type = type_of<sheet>();
    CHECK(sheet_type.styles == "color: red");
    CHECK(sheet_type.modules == std::vector<std::string_view>{"/sheet.js"});
    CHECK(type_of<pages>().modules == std::vector<std::string_view>{"/a.js", "/b.js"});
    CHECK(type_of<plain>().styles.empty());
    CHECK(type_of<plain>().modules.empty());
}

TEST_CASE("every component that can be called is listed by name once") {
    static_cast<void>(call<sheet>());
    std::string last;
    std::size_t sheets = 0;
    for (const auto* each : known_components()) {
        CHECK(last < each->name);
        last = each->name;
        if (each == &type_of<sheet>()) ++sheets;
    }
    CHECK(sheets == 1);
}
