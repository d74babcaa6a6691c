#include "http/protocol/form.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"
#include "http/protocol/wire_patches.hpp"
#include "http/transport/byte_queue.hpp"

#include <stube/runtime/behavior.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/random_id.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::live;
using namespace stube::kernel;
using namespace stube::http;
using namespace stube::html;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

/// The component with the events of these tests.
struct shelf {
    void tidy() {}

    void name(const std::string&) {}

    markup render() const { return {}; }
};
BOOST_DESCRIBE_STRUCT(shelf, (), (tidy, name))

/// The markup as instance 7 renders it.
markup composed(const markup& m) {
    markup out;
    compose(out, m, 7, [](const hole&) {});
    return out;
}

/// The text without the id that `compose` writes.
std::string without_id(std::string html) {
    constexpr std::string_view id = " id=\"i7\"";
    return html.erase(html.find(id), id.size());
}

std::string written(const markup& m, std::string_view base = "") {
    std::string out;
    write_markup(out, composed(m), html_wire(base, "cid"));
    return without_id(out);
}

std::vector<form_value> values(std::string_view body) {
    std::vector<form_value> form;
    std::string arguments;
    REQUIRE(read_form(body, 10, form, arguments));
    return form;
}

bool is_refused(std::string_view body) {
    std::vector<form_value> form;
    std::string arguments;
    return !read_form(body, 10, form, arguments);
}

update view_update(markup content, bool ended = false) {
    update u;
    u.revision = 12;
    u.ended = ended;
    u.patches.push_back({.kind = patch_kind::view, .target = 3, .content = std::move(content)});
    return u;
}

}  // namespace

TEST_CASE("the address of an event is written where a browser without scripts finds it") {
    CHECK(
        written(button(on<"click", &shelf::tidy>)) ==
        "<button formaction=\"/stube/event/cid/7/tidy\"></button>"
    );
    CHECK(
        written(form(on<"submit", &shelf::tidy>)) ==
        "<form method=\"post\" action=\"/stube/event/cid/7/tidy\"></form>"
    );
    CHECK(
        written(input(type("submit"), on<"click", &shelf::tidy>)) ==
        "<input type=\"submit\" formaction=\"/stube/event/cid/7/tidy\">"
    );
    CHECK(written(a(on<"click", &shelf::tidy>)) == "<a href=\"/stube/event/cid/7/tidy\"></a>");
}

TEST_CASE("an event that only scripts can send gets an attribute of its own") {
    CHECK(
        written(div(on<"keyup", &shelf::tidy>), "/base") ==
        "<div data-stube-action=\"/base/stube/event/cid/7/tidy\" data-stube-on=\"keyup\"></div>"
    );
    CHECK(
        written(a(href("/other"), on<"click", &shelf::tidy>)) ==
        "<a href=\"/other\" data-stube-action=\"/stube/event/cid/7/tidy\"></a>"
    );
}

TEST_CASE("an event button of type button is written as a submit button") {
    CHECK(
        written(button(type("button"), on<"click", &shelf::tidy>)) ==
        "<button type=\"submit\" formaction=\"/stube/event/cid/7/tidy\"></button>"
    );
    CHECK(
        written(input(type("button"), on<"click", &shelf::tidy>)) ==
        "<input type=\"submit\" formaction=\"/stube/event/cid/7/tidy\">"
    );
    CHECK(written(button(type("button"))) == "<button type=\"button\"></button>");
}

TEST_CASE("a button with an event of its own skips the validation of its form") {
    CHECK(
        written(form(on<"submit", &shelf::tidy>, button("Save"), button(on<"click", &shelf::tidy>)))
            .find("formaction=\"/stube/event/cid/7/tidy\" formnovalidate>") != std::string::npos
    );
}

TEST_CASE("a form in which another button comes first begins with a hidden one that submits it") {
    const auto hidden = "<button class=\"stube-enter\" tabindex=\"-1\" aria-hidden=\"true\">"s;
    const auto clear = button(on<"click", &shelf::tidy>, "Clear");
    const auto clear_first = written(form(on<"submit", &shelf::tidy>, clear, button("Save")));
    CHECK(clear_first.find(hidden) < clear_first.find("Clear"));
    const auto save_first = written(form(on<"submit", &shelf::tidy>, button("Save"), clear));
    CHECK(save_first.find(hidden) == std::string::npos);
}

TEST_CASE("an event of a behavior is written as its address") {
    CHECK(
        written(div(behavior("b").event<&shelf::tidy>()), "/base") ==
        "<div data-stube-behavior=\"b\" data-stube-events=\"/base/stube/event/cid/7/tidy\"></div>"
    );
}

TEST_CASE("the name of an event is written unless it is the usual event of the element") {
    const auto name = [](const markup& m) {
        const auto all = written(m);
        const auto at = all.find(" data-stube-on=");
        return at == all.npos ? ""s : all.substr(at, all.find('"', at + 16) + 1 - at);
    };
    CHECK(name(form(on<"submit", &shelf::tidy>)).empty());
    CHECK(name(form(on<"click", &shelf::tidy>)) == " data-stube-on=\"click\"");
    CHECK(name(select(on<"change", &shelf::tidy>)).empty());
    CHECK(name(textarea(on<"click", &shelf::tidy>)) == " data-stube-on=\"click\"");
    CHECK(name(input(on<"change", &shelf::tidy>)).empty());
    CHECK(name(input(on<"click", &shelf::tidy>)) == " data-stube-on=\"click\"");
    CHECK(name(input(type("submit"), on<"click", &shelf::tidy>)).empty());
    CHECK(name(a(on<"click", &shelf::tidy>)).empty());
}

TEST_CASE("modifiers are attributes for the script that sends the event") {
    const auto behind_address = [](const markup& m) {
        const auto all = written(m);
        const auto from = all.find("/7/tidy\"") + 8;
        return all.substr(from, all.find("><", from) - from);
    };
    const auto type_of_its_own = on<"input", &shelf::tidy>.debounce(300ms);
    CHECK(
        behind_address(p(type_of_its_own)) == " data-stube-on=\"input\" data-stube-delay=\"300\""
    );
    CHECK(
        behind_address(a(on<"click", &shelf::tidy>.throttle(2s))) == " data-stube-throttle=\"2000\""
    );
    CHECK(behind_address(button(on<"click", &shelf::tidy>.once())) == " data-stube-once");
    CHECK(
        behind_address(section(on<"keydown", &shelf::tidy>.key("Enter").key(" "))) ==
        " data-stube-on=\"keydown\" data-stube-keys='[\"Enter\",\" \"]'"
    );
    CHECK(
        behind_address(a(on<"click", &shelf::tidy>.prevent().stop())) ==
        " data-stube-prevent data-stube-stop"
    );
    CHECK(
        behind_address(form(on<"submit", &shelf::tidy>.confirm("\"Sure\" & <well>?"))) ==
        " data-stube-confirm=\"&quot;Sure&quot; &amp; &lt;well>?\""
    );
}

TEST_CASE("arguments are JSON in a button's value or in an attribute of their own") {
    CHECK(
        written(button(on<"click", &shelf::name>("a\"b'<&"))) ==
        R"(<button formaction="/stube/event/cid/7/name" name="stube-args" )"
        R"(value='["a\"b&#39;&lt;&amp;"]'></button>)"
    );
    CHECK(
        written(li(on<"click", &shelf::name>("a"))) ==
        R"(<li data-stube-action="/stube/event/cid/7/name" data-stube-args='["a"]'></li>)"
    );
}

TEST_CASE("a patch becomes a partial in one message and one chunk") {
    update u;
    u.revision = 12;
    u.patches.push_back({.target = 3, .content = p(id("i3"), "a")});
    u.patches.push_back({.kind = patch_kind::notice, .content = p("b")});
    const auto made = make_frame(u, html_wire("", "cid"));
    const auto content =
        "id: 12\ndata: <hx-morph of=\"i3\"><p id=\"i3\">a</p></hx-morph>"
        "<hx-partial hx-target=\"#stube-notice\" hx-swap=\"innerHTML\"><p>b</p></hx-partial>\n\n"s;

    CHECK(made.content() == content);
    char size[16];
    std::snprintf(size, sizeof size, "%08zx\r\n", content.size());
    CHECK(made.chunk() == size + content + "\r\n");
}

TEST_CASE("each kind of patch has its own element") {
    const auto written = [](const patch& what) {
        update u;
        u.patches.push_back(what);
        std::string out;
        append_partials(out, u, html_wire("", "cid"));
        return out;
    };
    const auto row = html::li(html::id("i9"), "x");
    CHECK(
        written({patch_kind::insert, 1, "rows", 4, row}) ==
        "<hx-insert into=\"i1-rows\" before=\"i4\"><li id=\"i9\">x</li></hx-insert>"
    );
    CHECK(
        written({patch_kind::insert, 1, "rows", 0, row}) ==
        "<hx-insert into=\"i1-rows\"><li id=\"i9\">x</li></hx-insert>"
    );
    CHECK(
        written({.kind = patch_kind::move, .target = 9, .before = 4}) ==
        "<hx-move of=\"i9\" before=\"i4\"></hx-move>"
    );
    CHECK(written({.kind = patch_kind::move, .target = 9}) == "<hx-move of=\"i9\"></hx-move>");
    CHECK(
        written({.kind = patch_kind::remove, .target = 9}) == "<hx-remove of=\"i9\"></hx-remove>"
    );
    CHECK(
        written({patch_kind::element, 1, "rows", 0, html::ul(html::id("i1-rows"))}) ==
        "<hx-morph of=\"i1-rows\"><ul id=\"i1-rows\"></ul></hx-morph>"
    );
    CHECK(
        written({.kind = patch_kind::command, .json = R"({"title":"</hx-command> & \"co\""})"}) ==
        R"(<hx-command>{"title":"&lt;/hx-command> &amp; \"co\""}</hx-command>)"
    );
}

TEST_CASE("a line break in a page cannot end its data line") {
    const auto made =
        make_frame(view_update(p("a\nb\r\nc\rd\n\nid: 99\nevent: x")), html_wire("", "cid"));
    CHECK(
        made.content() == "id: 12\ndata: <hx-partial hx-target=\"#stube-view\" "
                          "hx-swap=\"innerMorph\"><p>a\ndata: b\ndata: c\n"
                          "data: d\ndata: \ndata: id: 99\ndata: event: x</p></hx-partial>\n\n"
    );
}

TEST_CASE("the last update of a conversation closes the stream") {
    const auto last = view_update(p("bye"), true);
    const auto made = make_frame(last, html_wire("", "cid"));
    CHECK(made.content().ends_with("</hx-partial>\n\nevent: stube-end\ndata: \n\n"));
    std::string body;
    append_partials(body, last, html_wire("", "cid"));
    CHECK(body.ends_with("<hx-partial hx-target=\"#stube-stream\" hx-swap=\"delete\"></hx-partial>")
    );
}

TEST_CASE("a heartbeat and an end and a displacement are events of a stream") {
    CHECK(make_heartbeat().content() == "event: stube-beat\n\n");
    CHECK(make_end().content() == "event: stube-end\ndata: \n\n");
    CHECK(make_displaced().content() == "event: stube-displaced\n\n");
}

TEST_CASE("a last message replaces the view and ends the stream even in a response") {
    const auto view =
        "<hx-partial hx-target=\"#stube-view\" hx-swap=\"innerMorph\"><p>bye</p></hx-partial>"s;
    CHECK(
        make_final_view("<p>bye</p>").content() ==
        "data: " + view + "\n\nevent: stube-end\ndata: \n\n"
    );
    std::string body;
    append_final_view(body, "<p>bye</p>");
    CHECK(
        body == view + "<hx-partial hx-target=\"#stube-stream\" hx-swap=\"delete\"></hx-partial>"
    );
}

TEST_CASE("an update is encoded once per thread") {
    frame_cache frames;
    const auto first = std::make_shared<const update>(view_update(p("1")));
    const auto second = std::make_shared<const update>(view_update(p("2")));
    const html_wire wire("", "cid");

    const auto* bytes = frames.get(first, wire)->bytes.data();
    CHECK(frames.get(first, wire)->bytes.data() == bytes);
    CHECK(frames.get(second, wire)->content().find("2</p>") != std::string_view::npos);
    CHECK(frames.get(first, wire)->content().find("1</p>") != std::string_view::npos);
    frames.clear();
    CHECK(first.use_count() == 1);
}

TEST_CASE("a large frame is kept only by the streams that send it") {
    frame_cache frames;
    const auto large = std::make_shared<const update>(
        view_update(html::p(std::string(frame_cache::shared_size, 'x')))
    );
    const auto small = std::make_shared<const update>(view_update(html::p("small")));
    const html_wire wire("", "cid");

    const auto sent_by_one = frames.get(large, wire);
    const auto sent_by_another = frames.get(large, wire);
    CHECK(sent_by_one == sent_by_another);
    CHECK(frames.get(small, wire)->content().find("small") != std::string_view::npos);
    CHECK(sent_by_one->content().find("xxx") != std::string_view::npos);
    CHECK(sent_by_one.use_count() == 2);
}

TEST_CASE("bytes leave a queue in their order and are counted until then") {
    unsent_bytes unsent(1000);
    byte_queue queue(unsent);
    auto owner = std::make_shared<const std::string>("shared bytes");
    const auto next = [&](std::size_t count) {
        const std::string out(queue.front().substr(0, count));
        queue.drop(out.size());
        return out;
    };

    queue.append("own");
    queue.append(" bytes, ");
    queue.append(owner, std::string_view(*owner).substr(0, 6));
    queue.append(" more");
    queue.put_first("head, ");
    CHECK(unsent.bytes() == 28);
    CHECK(owner.use_count() == 2);
    CHECK(next(99) == "head, ");
    CHECK(next(9) == "own bytes");
    CHECK(next(99) == ", ");
    CHECK(next(2) == "sh");
    CHECK(next(99) == "ared");
    CHECK(owner.use_count() == 1);
    CHECK(queue.size() == 5);
    CHECK(unsent.bytes() == 5);
    queue.clear();
    CHECK(queue.empty());
    CHECK(unsent.bytes() == 0);
}

TEST_CASE("a form is decoded") {
    const auto form = values("a=1&&b=x+y%20z&%C3%A4=%e2%82%ac&c&=d&e==");
    REQUIRE(form.size() == 6);
    CHECK(form[0].value == "1");
    CHECK(form[1].value == "x y z");
    CHECK(form[2].name == "ä");
    CHECK(form[2].value == "€");
    CHECK(form[3].name == "c");
    CHECK(form[4].value == "d");
    CHECK(form[5].value == "=");
    CHECK(values("").empty());
}

TEST_CASE("arguments are not a field of the form") {
    std::vector<form_value> form;
    std::string arguments;
    CHECK(read_form("args=1&stube-args=%5B3%5D", 10, form, arguments));
    CHECK(arguments == "[3]");
    REQUIRE(form.size() == 1);
    CHECK(form[0].name == "args");
}

TEST_CASE("a malformed form is refused") {
    CHECK(is_refused("a=%"));
    CHECK(is_refused("a=%4"));
    CHECK(is_refused("a=%4g"));
    CHECK(is_refused("%zz=1"));
    CHECK(is_refused("a=%ff"));
    CHECK(is_refused("%C3=1"));
    CHECK(is_refused("a=\xED\xA0\x80"));
    CHECK_FALSE(is_refused("1&2&3&4&5&6&7&8&9&10"));
    CHECK(is_refused("1&2&3&4&5&6&7&8&9&10&11"));
}

TEST_CASE("UTF-8 is accepted as the standard defines it") {
    for (const auto* good :
         {"",
          "a",
          "\x7f",
          "\xC2\x80",
          "\xDF\xBF",
          "\xE0\xA0\x80",
          "\xED\x9F\xBF",
          "\xEE\x80\x80",
          "\xF0\x90\x80\x80",
          "\xF4\x8F\xBF\xBF"}) {
        CHECK(is_utf8(good));
    }
    for (const auto* bad :
         {"\x80",
          "\xC0\x80",
          "\xC1\xBF",
          "\xC2",
          "\xE0\x9F\xBF",
          "\xED\xA0\x80",
          "\xE2\x82",
          "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80",
          "\xFF",
          "a\xC3(",
          "\xE2\x28\xA1"}) {
        CHECK_FALSE(is_utf8(bad));
    }
}

TEST_CASE("only whole numbers without signs are parsed") {
    CHECK(parse_number("18446744073709551615") == 18446744073709551615u);
    for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "1.0"}) {
        CAPTURE(std::string(bad));
        CHECK_FALSE(parse_number(bad));
    }
    CHECK(parse_hex("00000000000000ff", 16) == 255u);
    for (const auto* bad :
         {"", "ff", "00000000000000FF", "00000000000000fg", "000000000000000ff", "0x000000000000ff"
         }) {
        CAPTURE(std::string(bad));
        CHECK_FALSE(parse_hex(bad, 16));
    }
}

TEST_CASE("session ids are long and differ") {
    std::set<std::string> seen;
    for (int at = 0; at < 1000; ++at) {
        const auto token = random_id();
        CHECK(is_token(token));
        CHECK(seen.insert(token).second);
    }
    CHECK_FALSE(is_token(""));
    CHECK_FALSE(is_token("AAAAAAAAAAAAAAAAAAAAA"));
    CHECK_FALSE(is_token("AAAAAAAAAAAAAAAAAAAAAAA"));
    CHECK_FALSE(is_token("AAAAAAAAAAAAAAAAAAAAA="));
}
