#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace stube;
using namespace stube::kernel;
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

    /// Reads a field that is not on the page.
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

/// Money: a type that defines its own text form.
struct euros {
    long long cents = 0;

    auto operator<=>(const euros&) const = default;
};
BOOST_DESCRIBE_STRUCT(euros, (), (cents))

enum class extra { breakfast, late_arrival, parking };
BOOST_DESCRIBE_ENUM(extra, breakfast, late_arrival, parking)

/// A choice in an application's own type.
struct offer {
    std::string value;
    std::string text;
};

struct party {
    std::string name;
    unsigned people;
    std::string bed;
};
BOOST_DESCRIBE_STRUCT(party, (), (name, people, bed))

struct party_page {
    static constexpr std::string_view component = "field/party_page";
    using answer_type = party;

    field<std::string> name;
    field<unsigned> people;
    field<std::string> bed;
    field<bool> agreed;
    std::string gone;

    ui::choices offered() const {
        ui::choices out{"single", "twin"};
        std::erase_if(out, [&](const ui::choice& each) { return each.value == gone; });
        return out;
    }

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
            on<"submit", &party_page::next>,
            novalidate(),
            ui::input_for<&party_page::name>(*this, "Name"),
            ui::input_for<&party_page::people>(*this, "People"),
            ui::select_for<&party_page::bed>(*this, "Bed", offered()),
            ui::check_box_for<&party_page::agreed>(*this, "I agree"),
            button("Next")
        );
    }
};
BOOST_DESCRIBE_STRUCT(party_page, (), (name, people, bed, agreed, gone, next))

/// Its handler reads a field without regard to the result of `require`.
struct careless_page {
    static constexpr std::string_view component = "field/careless_page";
    field<year_month_day> due;
    field<std::string> name;
    int handled = 0;

    void save() {
        name.require("Bitte einen Namen");
        due.require("Bitte ein Datum");
        handled += unsigned(due.value().day()) > 0;
    }

    markup render() const {
        return form(
            on<"submit", &careless_page::save>,
            ui::input_for<&careless_page::due>(*this, "Due"),
            ui::input_for<&careless_page::name>(*this, "Name"),
            button("Save"),
            p("handled ", handled)
        );
    }
};
BOOST_DESCRIBE_STRUCT(careless_page, (), (due, name, handled, save))

struct list_page {
    static constexpr std::string_view component = "field/list_page";
    field<std::vector<extra>> extras;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(list_page, (), (extras))

template <class T>
field<T> entered(typename field<T>::entry text) {
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
    return *static_cast<const form_page*>(t.value().stack().front()->state.get());
}

}  // namespace

template <>
struct stube::text_codec<euros> {
    static constexpr std::string_view message = "Enter an amount, such as 12.50";

    static std::optional<euros> parse(std::string_view text) {
        const auto point = std::min(text.find('.'), text.size());
        auto whole = text_codec<unsigned>::parse(text.substr(0, point));
        auto part = text_codec<unsigned>::parse(text.substr(std::min(point + 1, text.size())));
        if (!whole || !part || text.size() != point + 3) return std::nullopt;
        return euros{100LL * *whole + *part};
    }

    static std::string print(const euros& amount) {
        const auto cents = std::to_string(amount.cents % 100);
        return std::to_string(amount.cents / 100) + (cents.size() < 2 ? ".0" : ".") + cents;
    }
};

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

TEST_CASE("a field holds the text that was typed and the value of that text") {
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

TEST_CASE("a text that is not a value sets the message of the field") {
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

TEST_CASE("a field can be set and cleared") {
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

TEST_CASE("a field can be initialized from anything that converts to its value") {
    field<std::string> name = "Ada";
    CHECK(name.value() == "Ada");
    field<std::optional<int>> number = 3;
    CHECK(number.value() == 3);
    CHECK(number.text() == "3");
    field<std::vector<extra>> extras = std::vector{extra::parking};
    CHECK(extras.value() == std::vector{extra::parking});
}

TEST_CASE("a field holds a time of day") {
    CHECK(entered<minutes>("14:30").value() == hours(14) + minutes(30));
    CHECK(entered<minutes>("00:00").value() == minutes(0));
    CHECK(entered<minutes>(" 23:59 ").value() == minutes(23 * 60 + 59));
    CHECK(field<minutes>(minutes(65)).text() == "01:05");
    CHECK(field<minutes>(hours(24)).text() == "");
    for (auto text : {"24:00", "12:60", "1:30", "12.30", "12:3x", "-1:30"}) {
        CAPTURE(text);
        CHECK(entered<minutes>(text).error() == "Enter a time");
    }
}

TEST_CASE("a field holds a date with a time") {
    using local = local_time<minutes>;
    const local noon = local_days(year(2026) / 12 / 1) + hours(12);
    CHECK(entered<local>("2026-12-01T12:00").value() == noon);
    CHECK(field<local>(noon - minutes(1)).text() == "2026-12-01T11:59");
    CHECK(entered<local>("2026-12-01").error() == "Enter a date and a time");
    CHECK(entered<local>("2026-02-30T12:00").error() == "Enter a date and a time");
    CHECK(entered<local>("2026-12-01T25:00").error() == "Enter a date and a time");
}

TEST_CASE("a field of an optional bool is open until it is answered with yes or no") {
    field<std::optional<bool>> open;
    CHECK(open.value() == std::nullopt);
    CHECK(open.is_empty());
    open.set(false);
    CHECK(open.text() == "no");
    CHECK(open.value() == false);
    CHECK(entered<std::optional<bool>>("yes").value() == true);
    CHECK(entered<std::optional<bool>>("").value() == std::nullopt);
    CHECK(entered<std::optional<bool>>("maybe").error() == "Choose yes or no");
}

TEST_CASE("a field holds a type that defines its own text form") {
    CHECK(entered<euros>("12.50").value() == euros{1250});
    CHECK(field<euros>(euros{905}).text() == "9.05");
    CHECK(entered<euros>("12.5").error() == "Enter an amount, such as 12.50");
    CHECK(entered<std::optional<euros>>("").value() == std::nullopt);
    auto price = entered<euros>("3.00");
    CHECK_FALSE(price.between(euros{500}, euros{900}));
    CHECK(price.error() == "Between 5.00 and 9.00");
}

TEST_CASE("a field of a list holds several choices") {
    CHECK(field<std::vector<extra>>().value().empty());
    CHECK(field<std::vector<extra>>().is_empty());

    auto extras = entered<std::vector<extra>>({"parking", "breakfast"});
    CHECK(extras.value() == std::vector{extra::parking, extra::breakfast});
    CHECK(extras.text() == std::vector<std::string>{"parking", "breakfast"});
    CHECK(extras.error() == "");

    extras.enter({"parking", "sauna"});
    CHECK_FALSE(extras.valid());
    CHECK(extras.error() == "Choose one of these");
    CHECK(extras.text() == std::vector<std::string>{"parking", "sauna"});

    CHECK(entered<std::vector<int>>({"7", "8"}).value() == std::vector{7, 8});
}

TEST_CASE("a field of a list is stored with its choices and its message") {
    const std::vector<std::vector<std::string>> entries{{}, {"parking"}, {"parking", "sauna"}};
    for (const auto& each : entries) {
        auto extras = entered<std::vector<extra>>(each);
        CHECK(stored_and_read(extras) == extras);
    }
    CHECK(
        boost::json::serialize(encode(entered<std::vector<extra>>({"parking", "breakfast"}))) ==
        "[\"parking\",\"breakfast\"]"
    );
}

TEST_CASE("a field of a list takes all values of its name") {
    list_page page;
    auto send = [&](std::vector<form_value> form) { type_of<list_page>().fill(&page, form); };

    send({{"extras", ""}, {"extras", "parking"}, {"other", "x"}, {"extras", "late_arrival"}});
    CHECK(page.extras.value() == std::vector{extra::parking, extra::late_arrival});

    send({{"other", "x"}});
    CHECK(page.extras.value().size() == 2);

    send({{"extras", ""}});
    CHECK(page.extras.value().empty());
    CHECK(page.extras.error() == "");
}

TEST_CASE("a required field needs an entry that is a value") {
    field<std::string> name;
    CHECK_FALSE(name.require());
    CHECK(name.error() == "Fill this in");
    name.enter("  ");
    CHECK_FALSE(name.require("Enter your name"));
    CHECK(name.error() == "Enter your name");
    name.enter("Ada");
    CHECK(name.require("Enter your name"));
    CHECK(name.error() == "");

    field<int> people;
    CHECK_FALSE(people.require("Say how many come"));
    CHECK(people.error() == "Say how many come");
    people.enter("3");
    CHECK(people.require("Say how many come"));

    field<bool> agreed;
    CHECK_FALSE(agreed.require());
    CHECK(agreed.error() == "Tick this box");
    agreed.enter("on");
    CHECK(agreed.require());

    field<std::vector<extra>> extras;
    CHECK_FALSE(extras.require("Choose at least one"));
    CHECK(extras.error() == "Choose at least one");

    field<std::optional<int>> age;
    CHECK_FALSE(age.require());
    CHECK(age.error() == "Enter a whole number");
}

/// `unreadable` is an entry that is not a T, and `own` is the codec's message for it.
template <class T>
void replaces_the_message(typename field<T>::entry unreadable, std::string_view own) {
    CAPTURE(own);
    auto asked = entered<T>(unreadable);
    CHECK(asked.error() == own);
    CHECK_FALSE(asked.require());
    CHECK(asked.error() == own);
    CHECK_FALSE(asked.require("Bitte ausfüllen"));
    CHECK(asked.error() == "Bitte ausfüllen");

    asked = entered<T>(unreadable);
    CHECK_FALSE(asked.require("Bitte ausfüllen", "Das ist unlesbar"));
    CHECK(asked.error() == "Das ist unlesbar");

    asked = entered<T>(unreadable);
    CHECK_FALSE(asked.readable("Das ist unlesbar"));
    CHECK(asked.error() == "Das ist unlesbar");
    CHECK_FALSE(asked.require("Bitte ausfüllen"));
    CHECK(asked.error() == "Das ist unlesbar");
    CHECK_THROWS_WITH_AS(asked.value(), "Das ist unlesbar", invalid_field);
}

TEST_CASE("the application's message replaces the codec's own for an unreadable entry") {
    replaces_the_message<year_month_day>("1.3.2026", "Enter a date");
    replaces_the_message<minutes>("half past two", "Enter a time");
    replaces_the_message<local_time<minutes>>("1.3.2026 12:00", "Enter a date and a time");
    replaces_the_message<int>("many", "Enter a whole number");
    replaces_the_message<double>("12,5", "Enter a number");
    replaces_the_message<size_of_bed>("king", "Choose one of these");
    replaces_the_message<euros>("12.5", "Enter an amount, such as 12.50");
    replaces_the_message<std::optional<int>>("many", "Enter a whole number");
    replaces_the_message<std::optional<bool>>("maybe", "Choose yes or no");
    replaces_the_message<std::vector<extra>>({"parking", "sauna"}, "Choose one of these");

    // Every entry is a value of field<bool> and of field<std::string>.
    field<bool> agreed;
    CHECK_FALSE(agreed.require("Bitte zustimmen"));
    CHECK(agreed.error() == "Bitte zustimmen");
    field<std::string> name = "Ada";
    CHECK(name.readable("Das ist unlesbar"));
}

TEST_CASE("an empty entry and an unreadable one can have different messages") {
    auto arrival = entered<year_month_day>("soon");
    field<year_month_day> departure;
    auto reminder = entered<std::optional<year_month_day>>("soon");
    arrival.require("Say when you come");
    departure.require("Say when you leave", "Enter a date such as 2026-03-01");
    reminder.readable("Enter a date such as 2026-03-01");
    CHECK(arrival.error() == "Say when you come");
    CHECK(departure.error() == "Say when you leave");
    CHECK(reminder.error() == "Enter a date such as 2026-03-01");
    departure.enter("soon");
    departure.require("Say when you leave", "Enter a date such as 2026-03-01");
    CHECK(departure.error() == "Enter a date such as 2026-03-01");
}

TEST_CASE("an empty field is readable") {
    field<std::optional<int>> age;
    CHECK(age.readable("Das ist unlesbar"));
    CHECK(field<int>().readable("Das ist unlesbar"));
    CHECK(entered<int>("7").readable("Das ist unlesbar"));
}

TEST_CASE("an unreadable entry counts as a choice that was not offered") {
    auto bed = entered<size_of_bed>("king");
    CHECK_FALSE(bed.one_of(std::vector{size_of_bed::twin}, "Dieses Bett ist vergeben"));
    CHECK(bed.error() == "Dieses Bett ist vergeben");

    auto number = entered<int>("x");
    CHECK_FALSE(number.one_of(std::vector{6, 7}));
    CHECK(number.error() == "Enter a whole number");
    CHECK_FALSE(number.check([](int) { return false; }, "Muss gerade sein"));
    CHECK(number.error() == "Enter a whole number");
}

TEST_CASE("an empty field passes its checks") {
    auto is_short = [](const std::string& text) { return text.size() <= 3; };
    field<std::string> code;
    CHECK(code.check(is_short, "At most 3 letters"));
    code.enter("ABCD");
    CHECK_FALSE(code.check(is_short, "At most 3 letters"));
    CHECK(code.error() == "At most 3 letters");

    auto wrong = entered<int>("x");
    CHECK_FALSE(wrong.between(1, 4));
    CHECK(wrong.error() == "Enter a whole number");
    CHECK(field<int>().between(1, 4));
}

TEST_CASE("the first message of a field stays") {
    auto people = entered<int>("9");
    people.reject("Nine is too many");
    CHECK_FALSE(people.between(1, 4));
    CHECK_FALSE(people.require("Say how many come"));
    CHECK(people.error() == "Nine is too many");
}

TEST_CASE("a range includes its limits") {
    for (auto [text, fits] : {std::pair{"0", false}, {"1", true}, {"4", true}, {"5", false}}) {
        CAPTURE(text);
        auto people = entered<int>(text);
        CHECK(people.between(1, 4) == fits);
        CHECK(people.error() == (fits ? "" : "Between 1 and 4"));
    }
    auto arrival = entered<year_month_day>("2026-12-01");
    CHECK(arrival.between(year(2026) / 12 / 1, year(2026) / 12 / 24));
    CHECK_FALSE(arrival.between(year(2026) / 12 / 2, year(2026) / 12 / 24, "From the 2nd on"));
    CHECK(arrival.error() == "From the 2nd on");
    CHECK_FALSE(entered<std::optional<int>>("5").between(1, 4));
    CHECK(entered<std::optional<int>>("").between(1, 4));
}

TEST_CASE("a value that was not offered is refused") {
    auto bed = entered<std::string>("twin");
    CHECK(bed.one_of(std::vector<std::string>{"single", "twin"}));
    CHECK(bed.one_of(std::vector<offer>{{"twin", "Twin beds"}}));
    CHECK_FALSE(bed.one_of(std::vector<offer>{{"single", "Single bed"}}));
    CHECK(bed.error() == "Choose one of these");

    CHECK(entered<size_of_bed>("twin").one_of(std::vector{size_of_bed::twin}));
    CHECK_FALSE(entered<size_of_bed>("twin").one_of(std::vector{size_of_bed::single}));
    CHECK(entered<int>("7").one_of(std::vector<offer>{{"7", "Seven"}}));
    CHECK(entered<std::optional<int>>("7").one_of(std::vector{6, 7}));

    auto days = entered<std::vector<int>>({"1", "9"});
    CHECK_FALSE(days.one_of(std::vector{1, 2, 3}));
    CHECK(entered<std::vector<int>>({"1", "3"}).one_of(std::vector{1, 2, 3}));
    CHECK(field<std::string>().one_of(std::vector<std::string>{"single"}));
}

TEST_CASE("a handler checks all fields and answers when no field has a message") {
    test_conversation t{party_page{}};
    t.fill<&party_page::people>("5").click("Next");
    CHECK_FALSE(t.ended());
    CHECK(t.message_at<&party_page::name>() == "Enter your name");
    CHECK(t.message_at<&party_page::people>() == "Between 1 and 4");
    CHECK(t.message_at<&party_page::bed>() == "");
    CHECK(t.message_at<&party_page::agreed>() == "Agree to the rules of the house");

    t.fill<&party_page::name>("Ada").fill<&party_page::people>("2").fill<&party_page::bed>("twin");
    t.check<&party_page::agreed>().click("Next");
    CHECK(t.ended());
}

TEST_CASE("a forged choice is refused by the handler that checks the field") {
    test_conversation t{party_page{{"Ada"}, {2u}, {}, {true}, "twin"}};
    event forged{1, t.value().top().id, "next", "", {{"i1-bed", "twin"}}};
    auto done = dispatch(t.value(), forged, {t.now()});
    CHECK(done.verdict == verdict::applied);
    const auto& left = *static_cast<const party_page*>(done.next.top().state.get());
    CHECK(left.bed.error() == "This bed is gone");
}

TEST_CASE("a field is stored with its text and its message") {
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

TEST_CASE("the messages that a handler gave before it was undone are shown") {
    test_conversation t{careless_page{}};
    t.fill<&careless_page::due>("1.3.2026").click("Save");
    CHECK(t.text().contains("handled 0"));
    CHECK(t.message_at<&careless_page::due>() == "Bitte ein Datum");
    CHECK(t.message_at<&careless_page::name>() == "Bitte einen Namen");

    t.fill<&careless_page::due>("2026-03-01").fill<&careless_page::name>("Ada").click("Save");
    CHECK(t.message_at<&careless_page::due>() == "");
    CHECK(t.message_at<&careless_page::name>() == "");
    CHECK(t.text().contains("handled 1"));
}

TEST_CASE("an empty number shows its message only when a handler reads it") {
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

TEST_CASE("the form of one instance does not reach another instance") {
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

TEST_CASE("reading an invalid field that is not on the page is not a failure") {
    test_conversation t{greeter{}};
    t.click("Greet");
    CHECK(t.last() == verdict::applied);
}

TEST_CASE("reading an invalid field outside of the component is a failure") {
    test_conversation t{greeter{}};
    greeter known;
    known.times.set(1);
    test_conversation other{known};
    other.click("Guess");
    CHECK(other.failed());
    CHECK(other.value().revision == 1);
}

TEST_CASE("a browser cannot call a member that no markup sends to") {
    test_conversation t{form_page{}};

    t.send<&form_page::pay>("nothing");
    CHECK(t.last() == verdict::unknown_event);

    t.click("Pay");
    event forged{77, t.value().stack().front()->id, "confirmed", "[true]", {}};
    CHECK(dispatch(t.value(), forged, {t.now()}).verdict == verdict::stale);
    forged.instance = t.value().top().id;
    CHECK(dispatch(t.value(), forged, {t.now()}).verdict == verdict::unknown_event);

    t.click("No");
    forged.instance = t.value().top().id;
    CHECK(dispatch(t.value(), forged, {t.now()}).verdict == verdict::unknown_event);
    CHECK(state_of(t).paid == "no");
}
