#include "runtime/component/fingerprint.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/select.h>
#include <utility>
#include <vector>

using namespace stube;
using namespace stube::html;

namespace {

/// Writes an event as `{click remove [7] of 3}`.
class braces final : public markup_wire {
public:
    void event(std::string& out, const hole& h) const override {
        out.append(" {").append(h.event).append(" ").append(h.name).append(" ").append(h.text);
        out.append(" of ").append(std::to_string(h.instance)).append("}");
    }
};

std::string written(const markup& m, std::uint64_t instance = 0) {
    markup whole = m;
    if (instance != 0) {
        whole = {};
        compose(whole, m, instance, [](const hole&) {});
    }
    std::string out;
    write_markup(out, whole, braces());
    return out;
}

struct shelf {
    static constexpr std::string_view component = "markup/shelf";
    field<std::string> title{std::string("A \"b\" & <c>")};
    field<bool> open{true};

    void tidy() {}

    void remove(int) {}

    void rename(std::string, bool) {}

    markup render() const { return div(); }
};
BOOST_DESCRIBE_STRUCT(shelf, (), (title, open, tidy, remove, rename))

markup price(int euros) {
    return span(class_("price"), euros, " €");
}

}  // namespace

TEST_CASE("an element holds its children in order") {
    CHECK(written(p("one ", strong("two"), " three")) == "<p>one <strong>two</strong> three</p>");
}

TEST_CASE("attributes and children can be given in any order") {
    CHECK(written(p("a", class_("x"), "b", id("y"))) == "<p class=\"x\" id=\"y\">ab</p>");
}

TEST_CASE("text is escaped") {
    CHECK(written(p("<b> & 'q' \"r\"")) == "<p>&lt;b&gt; &amp; 'q' \"r\"</p>");
    CHECK(
        written(p(std::string("a\0b", 3))) == "<p>a\xEF\xBF\xBD"
                                              "b</p>"
    );
    CHECK(written(p("</p><script>")) == "<p>&lt;/p&gt;&lt;script&gt;</p>");
}

TEST_CASE("an event carries its modifiers") {
    using namespace std::chrono_literals;
    const auto how = [](const markup& m) {
        REQUIRE(m.holes().size() == 1);
        const auto& modifiers = m.holes()[0].modifiers;
        return modifiers ? *modifiers : event_modifiers();
    };
    CHECK(button(on<"click", &shelf::tidy>).holes()[0].modifiers == nullptr);
    CHECK(button(on<"click", &shelf::remove>(7)).holes()[0].modifiers == nullptr);
    CHECK(how(input(on<"input", &shelf::tidy>.debounce(300ms))).debounce == 300ms);

    const auto all = button(on<"keydown", &shelf::remove>(7)
                                .throttle(2s)
                                .once()
                                .prevent()
                                .stop()
                                .key("Enter")
                                .key(" ")
                                .confirm("Sure?"));
    const event_modifiers wanted{
        .throttle = 2000ms,
        .once = true,
        .prevent = true,
        .stop = true,
        .keys = {"Enter", " "},
        .question = "Sure?"
    };
    CHECK(how(all) == wanted);
    CHECK(all.holes()[0].text == "[7]");
    CHECK(written(all, 3) == "<button id=\"i3\" {keydown remove [7] of 3}></button>");
}

TEST_CASE("only a keyboard event takes a key") {
    const auto& click = on<"click", &shelf::tidy>;
    CHECK_THROWS_AS(click.key("Enter"), std::invalid_argument);
}

TEST_CASE("a key is written with its modifiers in one order") {
    const auto written_as = [](std::string_view name) {
        return on<"keydown", &shelf::tidy>.key(name).modifiers.keys.at(0);
    };
    for (const auto* name :
         {"Enter", "Shift+Enter", "Control+Alt+Meta+Shift+F1", "a", "A", "?", " "})
        CHECK(written_as(name) == name);
    CHECK(written_as("Shift+Control+Enter") == "Control+Shift+Enter");
    CHECK(written_as("+") == "+");
    CHECK(written_as("Control++") == "Control++");
    CHECK(written_as("Shift+ ") == "Shift+ ");
    CHECK(written_as("\u00fc") == "\u00fc");
    CHECK(written_as("Shift") == "Shift");
}

TEST_CASE("an invalid key name is refused with a message that suggests a valid one") {
    const auto refused = [](std::string_view name, const std::string& why) {
        const auto& keydown = on<"keydown", &shelf::tidy>;
        CHECK_THROWS_WITH_AS(
            keydown.key(name),
            doctest::Contains(why.c_str()),
            std::invalid_argument
        );
    };
    refused("", "the key is missing");
    refused("Shift+", "the key is missing");
    refused("Esc", "\"Escape\"");
    refused("Ctrl+k", "you may mean Control");
    refused("Strg+k", "\"Strg\" is not a modifier");
    refused("shift+Enter", "\"shift\" is not a modifier");
    refused("enter", "do not have this key");
    refused("Shift+a", "\"A\"");
    refused("Shift Enter", "do not have this key");
}

TEST_CASE("attribute values are escaped") {
    CHECK(
        written(p(title("<b> & 'q' \"r\""))) ==
        "<p title=\"&lt;b&gt; &amp; 'q' &quot;r&quot;\"></p>"
    );
    CHECK(written(p(title(std::string("\0", 1)))) == "<p title=\"\xEF\xBF\xBD\"></p>");
}

TEST_CASE("an element takes each kind of text") {
    const std::string owned = "s";
    const char* pointed = "c";
    CHECK(written(p(owned, std::string_view("v"), pointed, 'x', '<')) == "<p>svcx&lt;</p>");
}

TEST_CASE("numbers are written in full") {
    CHECK(written(p(-7)) == "<p>-7</p>");
    CHECK(written(p(std::numeric_limits<long long>::min())) == "<p>-9223372036854775808</p>");
    CHECK(
        written(p(std::numeric_limits<unsigned long long>::max())) == "<p>18446744073709551615</p>"
    );
    CHECK(written(p(2.5, " ", 0.1, " ", 1e300)) == "<p>2.5 0.1 1e+300</p>");
    CHECK(written(p(1.5F)) == "<p>1.5</p>");
}

TEST_CASE("a void element has no end tag and no children") {
    CHECK(written(p("a", br(), "b")) == "<p>a<br>b</p>");
    CHECK(written(input(type("text"))) == "<input type=\"text\">");
}

TEST_CASE("a boolean attribute is present or absent") {
    CHECK(written(button(disabled(), "x")) == "<button disabled>x</button>");
    CHECK(written(button(disabled(false), "x")) == "<button>x</button>");
}

TEST_CASE("numeric attributes take numbers") {
    CHECK(
        written(input(min(1), max(4LL), step("0.5"))) == "<input min=\"1\" max=\"4\" step=\"0.5\">"
    );
}

TEST_CASE("addresses of known schemes and relative ones pass") {
    for (const std::string url :
         {"https://a.example/?q=1",
          "http://a.example",
          "mailto:a@b.example",
          "tel:+123",
          "/booking",
          "",
          "#top",
          "?page=2",
          "a/b:c",
          "//a.example/x"}) {
        CAPTURE(url);
        CHECK(written(a(href(url))) == "<a href=\"" + url + "\"></a>");
    }
}

TEST_CASE("addresses that would run a script become blank") {
    const std::string with_nul("java\0script:x", 13);
    for (const std::string& url : std::vector<std::string>{
             "javascript:alert(1)",
             "JavaScript:alert(1)",
             " javascript:alert(1)",
             "java\nscript:alert(1)",
             "java\tscript:x",
             "\x01javascript:x",
             with_nul,
             "data:text/html,x",
             "vbscript:x",
             "blob:x"
         }) {
        CAPTURE(url);
        CHECK(written(a(href(url))) == "<a href=\"about:blank\"></a>");
        CHECK(written(form(action(url))) == "<form action=\"about:blank\"></form>");
        CHECK(written(a(attr("href", url))) == "<a href=\"about:blank\"></a>");
        CHECK(written(a(attr("xlink:HREF", url))) == "<a xlink:HREF=\"about:blank\"></a>");
    }
}

TEST_CASE("any other attribute can be named unless it is a script") {
    CHECK(written(p(attr("data-x", "1&2"))) == "<p data-x=\"1&amp;2\"></p>");
    CHECK(written(p(attr("aria-label", "x"))) == "<p aria-label=\"x\"></p>");
    for (const char* name :
         {"onclick", "ONCLICK", "on", "", "a b", "a=b", "a>b", "a\"", "a/", "ä"}) {
        CAPTURE(name);
        CHECK_THROWS_AS(attr(name, "x"), std::invalid_argument);
    }
}

TEST_CASE("raw_html is not escaped") {
    CHECK(written(p(raw_html("<b>&amp;</b>"))) == "<p><b>&amp;</b></p>");
}

TEST_CASE("an application's helper function nests like an element") {
    CHECK(written(p("Room ", price(90))) == "<p>Room <span class=\"price\">90 €</span></p>");
}

TEST_CASE("the helper each makes one piece for each element") {
    const std::vector<int> numbers{1, 2, 3};
    CHECK(written(ul(each(numbers, [](int n) {
              return li(n);
          }))) == "<ul><li>1</li><li>2</li><li>3</li></ul>");
    CHECK(written(ul(each(std::list<int>{}, [](int n) { return li(n); }))) == "<ul></ul>");
    CHECK(written(p(each(std::vector<bool>{true, false}, [](bool b) {
              return b ? "y" : "n";
          }))) == "<p>yn</p>");
}

TEST_CASE("a range of children is a child") {
    const std::vector<markup> items{li("a"), li("b")};
    CHECK(written(ul(items)) == "<ul><li>a</li><li>b</li></ul>");
    CHECK(written(p(std::array<int, 2>{1, 2})) == "<p>12</p>");
}

TEST_CASE("the helper when shows its part only if the condition holds") {
    CHECK(written(p(when(true, "yes"), when(false, "no"))) == "<p>yes</p>");
    CHECK(written(p(when(true, b("x")), when(false, b("y")))) == "<p><b>x</b></p>");
    CHECK(written(p(when(true, class_("on")), when(false, id("off")))) == "<p class=\"on\"></p>");
    CHECK(written(p(when(true, 7), when(false, 8))) == "<p>7</p>");
}

TEST_CASE("the helper when calls a function only if the condition holds") {
    int calls = 0;
    auto expensive = [&] {
        ++calls;
        return b("x");
    };
    CHECK(written(p(when(false, expensive))) == "<p></p>");
    CHECK(calls == 0);
    CHECK(written(p(when(true, expensive))) == "<p><b>x</b></p>");
    CHECK(calls == 1);
}

TEST_CASE("an optional part may be missing") {
    CHECK(written(p(std::optional<int>(3), std::optional<std::string>())) == "<p>3</p>");
    CHECK(written(p(std::optional<html_attribute>())) == "<p></p>");
}

TEST_CASE("elements and functions of C can share a name") {
    CHECK(written(div(time("now"), select())) == "<div><time>now</time><select></select></div>");
    CHECK(written(div(var("x"), main_("y"))) == "<div><var>x</var><main>y</main></div>");
    CHECK(::div(7, 2).quot == 3);
    CHECK(div(7, 2).quot == 3);  // C's div, which is the better match
    CHECK(time(nullptr) > 0);
    CHECK(abs(-1) == 1);
}

TEST_CASE("a first newline in a text area is not lost") {
    CHECK(written(textarea("\nx")) == "<textarea>\n\nx</textarea>");
    CHECK(written(pre("x")) == "<pre>\nx</pre>");
}

TEST_CASE("a fragment has no element around it") {
    CHECK(written(fragment("a", b("c"), 1)) == "a<b>c</b>1");
    CHECK(written(markup()) == "");
    CHECK(markup().empty());
}

TEST_CASE("the id of an instance is written into its only element") {
    CHECK(written(p("x"), 7) == "<p id=\"i7\">x</p>");
    CHECK(written(p(class_("a"), "x"), 7) == "<p id=\"i7\" class=\"a\">x</p>");
    CHECK(written(br(), 7) == "<br id=\"i7\">");
    CHECK(written(fragment(p("x")), 7) == "<p id=\"i7\">x</p>");
    CHECK(written(fragment(markup(), p("x"), markup()), 7) == "<p id=\"i7\">x</p>");
}

TEST_CASE("an instance of several elements or of one with an id gets a div") {
    CHECK(written(fragment(p("x"), p("y")), 7) == "<div id=\"i7\"><p>x</p><p>y</p></div>");
    CHECK(written(fragment("x"), 7) == "<div id=\"i7\">x</div>");
    CHECK(written(fragment(p("x"), "y"), 7) == "<div id=\"i7\"><p>x</p>y</div>");
    CHECK(written(p(id("mine")), 7) == "<div id=\"i7\"><p id=\"mine\"></p></div>");
    CHECK(written(p(own_id{"id", "me"}), 7) == "<div id=\"i7\"><p id=\"i7-me\"></p></div>");
    CHECK(written(raw_html("<p>x</p>"), 7) == "<div id=\"i7\"><p>x</p></div>");
    CHECK(written(markup(), 7) == "<div id=\"i7\"></div>");
}

TEST_CASE("an event is written by the wire at its place in the element") {
    CHECK(
        written(button(on<"click", &shelf::tidy>, "Tidy"), 3) ==
        "<button id=\"i3\" {click tidy  of 3}>Tidy</button>"
    );
    CHECK(
        written(
            div(class_("x"), button(type("button"), on<"dblclick", &shelf::remove>(7), "-")),
            3
        ) == "<div id=\"i3\" class=\"x\"><button type=\"button\" {dblclick remove [7] of "
             "3}>-</button></div>"
    );
}

TEST_CASE("a fingerprint differs if a text or a place or any part of an event differs") {
    static const event_function other = nullptr;
    const auto with = [](std::string_view text, const auto& change) {
        hole h;
        h.what = hole::kind::event;
        h.element = "p";
        h.event = "click";
        h.name = "tidy";
        change(h);
        markup out;
        out.append_unescaped("<p");
        out.append_hole(std::move(h));
        out.append_unescaped(text);
        return fingerprint(out);
    };
    const auto modified = [&](const auto& change) {
        return with(">", [&](hole& h) {
            event_modifiers all;
            change(all);
            h.modifiers = std::make_shared<const event_modifiers>(std::move(all));
        });
    };
    const std::vector<std::uint64_t> all{
        with(">", [](hole&) {}),
        with(" >", [](hole&) {}),
        with(">", [](hole& h) { h.what = hole::kind::own_id; }),
        with(">", [](hole& h) { h.element = "b"; }),
        with(">", [](hole& h) { h.event = "input"; }),
        with(">", [](hole& h) { h.name = "sort"; }),
        with(">", [](hole& h) { h.text = "[1]"; }),
        with(">", [](hole& h) { h.instance = 7; }),
        with(">", [](hole& h) { h.above = &other; }),
        with(">", [](hole& h) { h.sent_by = hole::sender::button; }),
        with(">", [](hole& h) { h.in_form = true; }),
        modified([](event_modifiers&) {}),
        modified([](event_modifiers& m) { m.debounce = std::chrono::milliseconds(1); }),
        modified([](event_modifiers& m) { m.throttle = std::chrono::milliseconds(1); }),
        modified([](event_modifiers& m) { m.once = true; }),
        modified([](event_modifiers& m) { m.prevent = true; }),
        modified([](event_modifiers& m) { m.stop = true; }),
        modified([](event_modifiers& m) { m.keys = {"a", "b"}; }),
        modified([](event_modifiers& m) { m.keys = {"ab"}; }),
        modified([](event_modifiers& m) { m.question = "ab"; }),
    };
    CHECK(std::set(all.begin(), all.end()).size() == all.size());
    CHECK(with(">", [](hole&) {}) == all.front());
    CHECK(modified([](event_modifiers& m) { m.keys = {"ab"}; }) == all[18]);
}

TEST_CASE("the arguments of an event are written as JSON of the member's types") {
    CHECK(
        written(p(on<"click", &shelf::rename>("a\"<b>", true)), 1) ==
        "<p id=\"i1\" {click rename [\"a\\\"<b>\",true] of 1}></p>"
    );
}

TEST_CASE("events stay in place when markup is joined") {
    auto both =
        button(on<"click", &shelf::tidy>, "a") + button(on<"click", &shelf::remove>(1), "b");
    CHECK(
        written(div(both, "c"), 2) == "<div id=\"i2\"><button {click tidy  of 2}>a</button><button "
                                      "{click remove [1] of 2}>b</button>"
                                      "c</div>"
    );
}

TEST_CASE("an event can be conditional") {
    CHECK(
        written(
            p(when(true, on<"click", &shelf::tidy>), when(false, on<"click", &shelf::remove>(1)))
        ) == "<p {click tidy  of 0}></p>"
    );
}

TEST_CASE("a bound control carries the name and the id and the text of its field") {
    shelf s;
    CHECK(
        written(div(input(bind<&shelf::title>(s))), 4) ==
        "<div id=\"i4\"><input name=\"i4-title\" id=\"i4-title\" "
        "value=\"A &quot;b&quot; &amp; &lt;c&gt;\"></div>"
    );
    s.title.reject("Too long");
    CHECK(
        written(div(input(bind<&shelf::title>(s))), 4) ==
        "<div id=\"i4\"><input name=\"i4-title\" id=\"i4-title\" "
        "value=\"A &quot;b&quot; &amp; &lt;c&gt;\" aria-invalid=\"true\" "
        "aria-describedby=\"i4-title-error\"></div>"
    );
}

TEST_CASE("a labelled control ties label and control and message together") {
    shelf s;
    s.title.set("x");
    s.title.reject("Too <short>");
    CHECK(
        written(ui::input_for<&shelf::title>(s, "Title", type("text")), 4) ==
        "<div id=\"i4\" class=\"field\"><label for=\"i4-title\">Title</label>"
        "<input name=\"i4-title\" id=\"i4-title\" value=\"x\" aria-invalid=\"true\" "
        "aria-describedby=\"i4-title-error\" type=\"text\">"
        "<p class=\"error\" id=\"i4-title-error\">Too &lt;short&gt;</p></div>"
    );
}

TEST_CASE("a check box is preceded by an empty value") {
    shelf s;
    CHECK(
        written(ui::check_box_for<&shelf::open>(s, "Open"), 4) ==
        "<div id=\"i4\" class=\"field check\"><input type=\"hidden\" name=\"i4-open\" value=\"\">"
        "<input type=\"checkbox\" name=\"i4-open\" id=\"i4-open\" value=\"on\" checked>"
        "<label for=\"i4-open\">Open</label></div>"
    );
}

TEST_CASE("a selection marks the chosen option") {
    shelf s;
    s.title.set("b");
    CHECK(
        written(ui::select_for<&shelf::title>(s, "Title", {{"a", "A"}, {"b", "<B>"}}), 4) ==
        "<div id=\"i4\" class=\"field\"><label for=\"i4-title\">Title</label>"
        "<select name=\"i4-title\" id=\"i4-title\"><option value=\"a\">A</option>"
        "<option value=\"b\" selected>&lt;B&gt;</option></select></div>"
    );
}

TEST_CASE("a copy of markup does not change the original") {
    auto one = p("x");
    auto other = one;
    other += p("y");
    CHECK(written(one) == "<p>x</p>");
    CHECK(written(other) == "<p>x</p><p>y</p>");
}
