#include "booking_visitor.hpp"
#include "page.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string_view>

using namespace kill_test;

namespace {

constexpr std::string_view receipt = R"(<section class="card" id="i9"><h1>Your room is booked</h1>
<p>Thank you, A &amp; B &lt;C&gt;. Your reference is <strong>X1</strong>.</p>
<dl class="receipt"><dt>Room</dt><dd>Sea View</dd><dt>Arrival</dt><dd>Fri 4 Dec 2026</dd>
<dt>Departure</dt><dd>Sat 5 Dec 2026</dd><dt>Guest</dt>
<dd>A &amp; B &lt;C&gt;<br><span class="muted">a@b</span></dd>
<dt>Guests</dt><dd>3, with breakfast</dd><dt>Total</dt>
<dd><strong>€182</strong> for 1 night</dd></dl>
<button formaction="/stube/event/c1/9/again">Book another room</button></section>)";

}  // namespace

TEST_CASE("a page is read as a browser reads it") {
    const auto shown = read_page(R"(<!doctype html><html><title>No h1</title>
        <div data-conversation="c-1" data-stream="/stube/stream/c-1?rev=1&amp;x=2"></div>
        <h1>A <em>step</em></h1><output aria-live="polite">7</output>
        <form method="post" action="/stube/event/c-1/3/next">
        <input name="name" value="&quot;x&quot; &amp;lt;" required>
        <input type="hidden" name="box" value=""><input type="checkbox" name="box" checked>
        <input type="hidden" name="off" value=""><input type="checkbox" name="off"></form>
        <button formaction="/stube/event/c-1/3/choose"
            name="stube-args" value='["a&#39;b"]'>a</button>
        <li data-stube-action="/stube/event/c-1/3/choose" data-stube-args="[2]">b</li>)");

    CHECK(shown.conversation == "c-1");
    CHECK(shown.stream == "/stube/stream/c-1?rev=1&x=2");
    CHECK(shown.title == "A step");
    CHECK(shown.output == "7");
    CHECK(shown.fields.at("name") == "\"x\" &lt;");
    CHECK(shown.fields.at("box") == "on");
    CHECK(shown.fields.at("off") == "");
    CHECK(find_control(shown, "next").address == "/stube/event/c-1/3/next");
    CHECK(find_control(shown, "choose", "a'b").values == form{{"stube-args", "[\"a'b\"]"}});
    CHECK(find_control(shown, "choose", "2").values == form{{"stube-args", "[2]"}});
    CHECK_THROWS_AS(find_control(shown, "choose", "3"), std::runtime_error);
    CHECK_THROWS_AS(find_control(shown, "boo"), std::runtime_error);
}

TEST_CASE("a form is encoded as browsers encode it") {
    CHECK(
        url_encoded({{"a", "1 &=+%"}, {"b-c", "ö"}, {"d", ""}}) == "a=1+%26%3D%2B%25&b-c=%C3%B6&d="
    );
}

TEST_CASE("a receipt that differs in one entry is reported as torn") {
    const said entered{"2026-12-04", "2026-12-05", 1, "Sea View", "A & B <C>", "a@b", "3", "on"};
    const auto differs = [&](auto change) {
        booking_state expected{step::receipt, entered};
        change(expected);
        return difference(read_page(receipt), expected);
    };

    CHECK(differs([](auto&) {}) == "");
    CHECK(differs([](auto& e) { e.at = step::check; }) == "not the step \"Check your booking\"");
    CHECK(differs([](auto& e) { e.what.arrival = "2026-12-03"; }) != "");
    CHECK(differs([](auto& e) { e.what.departure = "2026-12-06"; }) != "");
    CHECK(differs([](auto& e) { e.what.nights = 2; }) != "");
    CHECK(differs([](auto& e) { e.what.room = "Tower Suite"; }) != "");
    CHECK(differs([](auto& e) { e.what.name = "A & B <D>"; }) != "");
    CHECK(differs([](auto& e) { e.what.email = "a@c"; }) != "");
    CHECK(differs([](auto& e) { e.what.guests = "2"; }) != "");
    CHECK(differs([](auto& e) { e.what.breakfast.clear(); }) != "");
}
