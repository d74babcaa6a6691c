#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace stube;
using namespace stube::html;
using namespace std::chrono;

namespace {

enum class size_of_bed { single, twin };
BOOST_DESCRIBE_ENUM(size_of_bed, single, twin)

struct form_page {
    static constexpr std::string_view component = "field/form_page";
    field<int> people;
    field<std::string> name;
    int secret = 1;
    int handled = 0;
    std::string paid;

    void save() {
        ++handled;
        name.set("changed by the handler");
        if (people.value() > 4) people.reject("At most 4");
    }

    void look() {}

    void pay(std::string how) { paid = how; }

    effects ask() { return call<ui::confirm>("Pay?").then<&form_page::confirmed>(); }

    void confirmed(bool yes) { paid = yes ? "in full" : "no"; }

    markup render() const {
        return div(
            form(
                on<"submit", &form_page::save>,
                ui::input_for<&form_page::people>(*this, "People"),
                ui::input_for<&form_page::name>(*this, "Name"),
                input(type("hidden"), html::name("secret"), value("99")),
                input(type("hidden"), html::name("nobody"), value("99")),
                button("Save")
            ),
            button(on<"click", &form_page::ask>, "Pay"),
            button(on<"click", &form_page::look>, "Look"),
            p("handled ", handled, " secret ", secret)
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    form_page,
    (),
    (people, name, secret, handled, paid, save, look, pay, ask, confirmed)
)

struct greeter {
    static constexpr std::string_view component = "field/greeter";
    field<int> times;
    std::string heard;

    /// Reads a field of which nothing is on the page.
    void greet() { heard = std::to_string(times.value()); }

    void guess() {
        field<int> other;
        heard = std::to_string(other.value());
    }

    markup render() const {
        return div(
            button(on<"click", &greeter::greet>, "Greet"),
            button(on<"click", &greeter::guess>, "Guess")
        );
    }
};
BOOST_DESCRIBE_STRUCT(greeter, (), (times, heard, greet, guess))

template <class T>
field<T> entered(std::string text) {
    field<T> out;
    out.enter(std::move(text));
    return out;
}

template <class T>
field<T> stored_and_read(const field<T>& from) {
    field<T> out;
    decode(out, boost::json::parse(boost::json::serialize(encode(from))));
    return out;
}

const form_page& state_of(const test_conversation& t) {
    return *static_cast<const form_page*>(t.value().stack.front()->state.get());
}

}  // namespace

TEST_CASE("a fresh field is empty and shows no message") {
    field<int> number;
    CHECK(number.text() == "");
    CHECK(number.error() == "");
    CHECK_FALSE(number.valid());
    CHECK_THROWS_AS(number.value(), invalid_field);

    CHECK(field<std::string>().value() == "");
    CHECK(field<bool>().value() == false);
    CHECK(field<std::optional<int>>().value() == std::nullopt);
}

TEST_CASE("a field holds what was typed and the value it stands for") {
    CHECK(entered<int>(" 42 ").value() == 42);
    CHECK(entered<int>(" 42 ").text() == " 42 ");
    CHECK(entered<double>("2.5").value() == 2.5);
    CHECK(entered<year_month_day>("2026-12-01").value() == year(2026) / 12 / 1);
    CHECK(entered<size_of_bed>("twin").value() == size_of_bed::twin);
    CHECK(entered<bool>("on").value());
    CHECK_FALSE(entered<bool>("").value());
    CHECK(entered<std::optional<int>>("7").value() == 7);
    CHECK(entered<std::optional<int>>("  ").value() == std::nullopt);
    CHECK(entered<std::string>(" as typed ").value() == " as typed ");
}

TEST_CASE("what stands for no value brings its message") {
    CHECK(entered<int>("4x").error() == "Enter a whole number");
    CHECK(entered<int>(" ").error() == "Enter a whole number");
    CHECK(entered<int>("1.5").error() == "Enter a whole number");
    CHECK(entered<int>("99999999999").error() == "Enter a whole number");
    CHECK(entered<unsigned>("-1").error() == "Enter a whole number");
    CHECK(entered<double>("ten").error() == "Enter a number");
    CHECK(entered<double>("nan").error() == "Enter a number");
    CHECK(entered<double>("inf").error() == "Enter a number");
    CHECK(entered<year_month_day>("2026-02-30").error() == "Enter a date");
    CHECK(entered<size_of_bed>("king").error() == "Choose one of these");
    CHECK(entered<std::optional<int>>("x").error() == "Enter a whole number");
    CHECK(entered<int>("4x").text() == "4x");
}

TEST_CASE("setting and clearing a field") {
    field<int> number = entered<int>("4x");
    number.set(5);
    CHECK(number.text() == "5");
    CHECK(number.error() == "");
    number.reject("Too few");
    CHECK(number.error() == "Too few");
    CHECK(number.value() == 5);
    number.clear();
    CHECK(number == field<int>());
}

TEST_CASE("a field is stored with what was typed and its message") {
    CHECK(boost::json::serialize(encode(entered<int>("12"))) == "\"12\"");
    CHECK(
        boost::json::serialize(encode(entered<int>("x"))) ==
        "{\"text\":\"x\",\"error\":\"Enter a whole number\"}"
    );
    for (auto text : {"12", "x", ""}) {
        CAPTURE(text);
        CHECK(stored_and_read(entered<int>(text)) == entered<int>(text));
    }
    CHECK(stored_and_read(field<int>()) == field<int>());
    CHECK(stored_and_read(field<size_of_bed>(size_of_bed::twin)).value() == size_of_bed::twin);
}

TEST_CASE("a wrong entry undoes the handler and is shown with its message") {
    test_conversation t{form_page{}};

    t.fill<&form_page::people>("many").fill<&form_page::name>("Ada").click("Save");

    CHECK(t.last() == verdict::applied);
    CHECK(state_of(t).handled == 0);
    CHECK(t.entered<&form_page::people>() == "many");
    CHECK(t.entered<&form_page::name>() == "Ada");
    CHECK(t.message_at<&form_page::people>() == "Enter a whole number");
}

TEST_CASE("an empty number shows its message only when it is needed") {
    test_conversation t{form_page{}};
    CHECK(t.message_at<&form_page::people>() == "");
    t.send<&form_page::look>();
    CHECK(t.message_at<&form_page::people>() == "");
    t.send<&form_page::save>();
    CHECK(t.message_at<&form_page::people>() == "Enter a whole number");
}

TEST_CASE("a handler can refuse a value that converts") {
    test_conversation t{form_page{}};
    t.fill<&form_page::people>("5").click("Save");
    CHECK(state_of(t).handled == 1);
    CHECK(t.message_at<&form_page::people>() == "At most 4");
    t.fill<&form_page::people>("4").click("Save");
    CHECK(t.message_at<&form_page::people>() == "");
}

TEST_CASE("only fields take values from a browser") {
    test_conversation t{form_page{}};
    t.fill<&form_page::people>("2").click("Save");
    CHECK(state_of(t).secret == 1);
    CHECK(t.last() == verdict::applied);
}

TEST_CASE("a form of one instance does not reach another") {
    test_conversation one{form_page{}};
    test_conversation other{form_page{}};
    one.fill<&form_page::people>("1").click("Save");
    other.fill<&form_page::people>("2").click("Save");
    CHECK(state_of(one).people.value() == 1);
    CHECK(state_of(other).people.value() == 2);
}

TEST_CASE("the last of several values of a field counts") {
    form_page page;
    std::vector<form_value> form{{"people", "1"}, {"people", "2"}, {"unknown", "3"}};
    type_of<form_page>().fill(&page, form);
    CHECK(page.people.value() == 2);
}

TEST_CASE("a field that is not on the page is shown as wrong and not as a failure") {
    test_conversation t{greeter{}};
    t.click("Greet");
    CHECK(t.last() == verdict::applied);
}

TEST_CASE("a field that is no member of the component is a failure") {
    test_conversation t{greeter{}};
    greeter known;
    known.times.set(1);
    test_conversation other{known};
    other.click("Guess");
    CHECK(other.failed());
    CHECK(other.value().revision == 1);
}

TEST_CASE("a browser cannot call what no markup sends to") {
    test_conversation t{form_page{}};

    t.send<&form_page::pay>("nothing");
    CHECK(t.last() == verdict::unknown_event);

    t.click("Pay");
    event forged{77, t.value().stack.front()->id, "confirmed", "[true]", {}};
    CHECK(dispatch(t.value(), forged, {t.now()}).what == verdict::stale);
    forged.instance = t.value().top().id;
    CHECK(dispatch(t.value(), forged, {t.now()}).what == verdict::unknown_event);

    t.click("No");
    forged.instance = t.value().top().id;
    CHECK(dispatch(t.value(), forged, {t.now()}).what == verdict::unknown_event);
    CHECK(state_of(t).paid == "no");
}
