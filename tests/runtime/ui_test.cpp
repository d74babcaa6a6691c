#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

enum class meal_plan { room_only, half_board, full };
BOOST_DESCRIBE_ENUM(meal_plan, room_only, half_board, full)

ui::choices days_on_offer() {
    return {{"mon", "Monday"}, {"tue", "Tuesday"}, {"wed", "Wednesday"}};
}

struct signup {
    static constexpr std::string_view component = "ui/signup";
    field<std::string> name;
    field<std::optional<std::chrono::year_month_day>> born;
    field<meal_plan> meals;
    field<std::vector<std::string>> days;
    field<bool> agreed;
    int sent = 0;

    void send() {
        name.require("Enter your name");
        meals.require("Choose your meals");
        days.require("Choose at least one day");
        days.one_of(days_on_offer());
        agreed.require("Agree to the rules");
        if (!has_errors(*this)) ++sent;
    }

    markup render() const {
        return form(
            on<"submit", &signup::send>,
            novalidate(),
            ui::error_summary(*this),
            ui::input_for<&signup::name>(*this, "Name", autocomplete("name")),
            ui::input_for<&signup::born>(*this, "Born on"),
            ui::radio_for<&signup::meals>(*this, "Meals"),
            ui::choices_for<&signup::days>(*this, "Days", days_on_offer()),
            ui::check_box_for<&signup::agreed>(*this, "I agree"),
            div(class_("actions"), button("Sign up"))
        );
    }
};
BOOST_DESCRIBE_STRUCT(signup, (), (name, born, meals, days, agreed, sent, send))

/// Fields of several kinds, whose controls are tested one by one.
struct all_kinds {
    static constexpr std::string_view component = "ui/all_kinds";
    field<std::string> text;
    field<unsigned> number;
    field<bool> yes;
    field<std::chrono::minutes> at;
    field<std::chrono::local_time<std::chrono::minutes>> moment;
    field<std::optional<meal_plan>> meals;
    field<std::vector<meal_plan>> plans;
};
BOOST_DESCRIBE_STRUCT(all_kinds, (), (text, number, yes, at, moment, meals, plans))

/// A selection of several options.
struct planner {
    static constexpr std::string_view component = "ui/planner";
    field<std::vector<meal_plan>> plans;
    std::string heard;

    void save() {
        heard.clear();
        for (const auto& each : plans.text())
            heard += each + " ";
    }

    markup render() const {
        return form(
            on<"submit", &planner::save>,
            ui::select_for<&planner::plans>(*this, "Plans"),
            button("Save"),
            p("Heard: ", heard)
        );
    }
};
BOOST_DESCRIBE_STRUCT(planner, (), (plans, heard, save))

struct name_form {
    static constexpr std::string_view component = "ui/name_form";
    std::string title;
    field<std::string> name;
    std::string secret;

    void save() {}

    markup render() const {
        return form(
            on<"submit", &name_form::save>,
            h2(title),
            ui::input_for<&name_form::name>(*this, "Name"),
            button("Save"),
            p(title, " is called ", name.value(), ", secret ", secret)
        );
    }
};
BOOST_DESCRIBE_STRUCT(name_form, (), (title, name, secret, save))

/// Two instances of one component on a page.
struct two_forms {
    static constexpr std::string_view component = "ui/two_forms";
    slot<name_form> left{name_form{"Left", {}, "kept"}};
    slot<name_form> right{name_form{"Right", {}, "kept"}};

    markup render() const { return div(left, right); }
};
BOOST_DESCRIBE_STRUCT(two_forms, (), (left, right))

/// Calls each dialog and shows its answer.
struct host {
    static constexpr std::string_view component = "ui/host";
    std::string heard = "nothing yet";

    effects sure() { return call<ui::confirm>("Delete this item?").then<&host::was_sure>(); }

    effects sure_in_own_words() {
        return call<ui::confirm>("Delete this item?", "Delete", "Keep").then<&host::was_sure>();
    }

    void was_sure(bool yes) { heard = yes ? "sure" : "not sure"; }

    effects name() { return call<ui::prompt>("What is it called?", "Draft").then<&host::named>(); }

    void named(std::optional<std::string> what) { heard = what ? "[" + *what + "]" : "cancelled"; }

    effects drink() {
        return call<ui::choose>("What to drink?", ui::choices{"Tea", {"oj", "Orange juice"}})
            .then<&host::named>();
    }

    effects tell() { return call<ui::info>("Your changes are saved.").then<&host::told>(); }

    void told() { heard = "told"; }

    markup render() const {
        return div(
            p("Heard: ", heard),
            button(on<"click", &host::sure>, "Sure"),
            button(on<"click", &host::sure_in_own_words>, "Sure in own words"),
            button(on<"click", &host::name>, "Name"),
            button(on<"click", &host::drink>, "Drink"),
            button(on<"click", &host::tell>, "Tell")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    host,
    (),
    (heard, sure, sure_in_own_words, was_sure, name, named, drink, tell, told)
)

class no_wire final : public markup_wire {
public:
    void event(std::string&, const hole&) const override {}
};

/// Markup as instance 7 shows it, inside a div.
std::string written(const markup& m) {
    markup composed;
    compose(composed, div(m), 7, [](const hole&) {});
    std::string out;
    write_markup(out, composed, no_wire());
    const std::string_view before = "<div id=\"i7\">";
    const std::string_view after = "</div>";
    return out.substr(before.size(), out.size() - before.size() - after.size());
}

std::string written_signup(const signup& of) {
    return written(of.render());
}

bool has(const std::string& html, std::string_view part) {
    return html.find(part) != std::string::npos;
}

const signup& state_of(const test_conversation& t) {
    return *static_cast<const signup*>(t.value().top().state.get());
}

}  // namespace

TEST_CASE("a choice made from one text uses it as value and label") {
    const ui::choices drinks{"tea", {"juice", "Orange juice"}};
    REQUIRE(drinks.size() == 2);
    CHECK(drinks[0] == ui::choice("tea", "tea"));
    CHECK(drinks[1] == ui::choice("juice", "Orange juice"));
}

TEST_CASE("the enumerators of an enum become choices with words as labels") {
    CHECK(
        ui::choices_of<meal_plan>() ==
        ui::choices{{"room_only", "Room only"}, {"half_board", "Half board"}, {"full", "Full"}}
    );
    auto other_words = ui::choices_of<meal_plan>([](meal_plan m) {
        return m == meal_plan::room_only ? "No meals" : "With meals";
    });
    CHECK(other_words[0].label == "No meals");
    CHECK(ui::detail::words_of("double_") == "Double");
    CHECK(other_words[2] == ui::choice("full", "With meals"));
}

TEST_CASE("an input has the type that its value needs") {
    all_kinds all;
    using a = all_kinds;
    CHECK(has(written(ui::input_for<&a::at>(all, "At")), "type=\"time\""));
    CHECK(has(written(ui::input_for<&a::moment>(all, "At")), "type=\"datetime-local\""));
    CHECK(has(written(ui::input_for<&a::number>(all, "Number")), "inputmode=\"numeric\""));
    CHECK_FALSE(has(written(ui::input_for<&a::text>(all, "Text")), "type="));

    auto own_type = written(ui::input_for<&a::at>(all, "At", type("text")));
    CHECK(has(own_type, "type=\"text\""));
    CHECK_FALSE(has(own_type, "type=\"time\""));
}

TEST_CASE("a selection of a field without a choice begins with an empty one") {
    all_kinds all;
    using a = all_kinds;
    CHECK(
        has(written(ui::select_for<&a::meals>(all, "Meals")),
            "<option value=\"\" selected></option><option value=\"room_only\">Room only</option>")
    );
    all.meals.set(meal_plan::full);
    auto chosen = written(ui::select_for<&a::meals>(all, "Meals"));
    CHECK(has(chosen, "<option value=\"full\" selected>Full</option>"));
    CHECK_FALSE(has(chosen, "value=\"\""));
}

TEST_CASE("a selection of a list takes several options and is sent even when it is empty") {
    all_kinds all;
    all.plans.set({meal_plan::full, meal_plan::room_only});
    auto html = written(ui::select_for<&all_kinds::plans>(all, "Plans"));
    CHECK(has(html, "<input type=\"hidden\" name="));
    CHECK(has(html, " multiple>"));
    CHECK(has(html, "<option value=\"room_only\" selected>"));
    CHECK(has(html, "<option value=\"half_board\">"));
    CHECK(has(html, "<option value=\"full\" selected>"));
}

TEST_CASE("radio buttons are in a group with a heading") {
    signup s;
    s.meals.set(meal_plan::half_board);
    auto html = written(ui::radio_for<&signup::meals>(s, "Meals"));
    CHECK(has(html, "<fieldset class=\"field\" role=\"radiogroup\"><legend>Meals</legend>"));
    CHECK(has(html, " value=\"half_board\" checked>Half board</label>"));
    CHECK(has(html, " value=\"full\">Full</label>"));
    CHECK_FALSE(has(html, "hidden"));
}

TEST_CASE("the first of several controls has the id of the field") {
    auto html = written(ui::radio_for<&signup::meals>(signup(), "Meals"));
    const auto id = html.find("<input type=\"radio\" id=\"i7-meals\" ");
    CHECK(id == html.find("<input"));
    CHECK(html.find(" id=", id + 30) == std::string::npos);
}

TEST_CASE("one of several controls can be bound by hand") {
    signup s;
    s.meals.set(meal_plan::full);
    auto by_hand = [&](std::string_view value) {
        return written(label(input(type("radio"), bind_choice<&signup::meals>(s, value)), "x"));
    };
    CHECK(has(by_hand("full"), " value=\"full\" checked>x</label>"));
    CHECK(has(by_hand("room_only"), " value=\"room_only\">x</label>"));
}

TEST_CASE("an invalid group is marked as such and described by its message") {
    signup s;
    s.meals.reject("Choose your meals");
    s.days.reject("Choose at least one day");
    CHECK(
        has(written(ui::radio_for<&signup::meals>(s, "Meals")),
            "role=\"radiogroup\" aria-invalid=\"true\" aria-describedby=\"i7-meals-error\">")
    );
    auto days = written(ui::choices_for<&signup::days>(s, "Days", days_on_offer()));
    CHECK(has(days, "<fieldset class=\"field\" aria-describedby=\"i7-days-error\">"));
    CHECK(has(days, " value=\"mon\" aria-invalid=\"true\">Monday</label>"));
    CHECK(has(days, "<p class=\"error\" id=\"i7-days-error\">Choose at least one day</p>"));
}

TEST_CASE("a check box shows its message") {
    signup s;
    s.agreed.reject("Agree to the rules");
    CHECK(
        has(written(ui::check_box_for<&signup::agreed>(s, "I agree")),
            "<p class=\"error\" id=\"i7-agreed-error\">Agree to the rules</p>")
    );
}

TEST_CASE("a form without messages has no summary") {
    CHECK(written(ui::error_summary(signup())) == "");
}

TEST_CASE("a summary links each message to its field in the order of the component") {
    signup s;
    s.agreed.reject("Agree to the <rules>");
    s.name.reject("Enter your name");
    CHECK(
        written(ui::error_summary(s, "Not yet")) ==
        "<div class=\"notice\" role=\"alert\" aria-labelledby=\"i7-error-summary\">"
        "<h2 id=\"i7-error-summary\">Not yet</h2><ul>"
        "<li><a href=\"#i7-name\">Enter your name</a></li>"
        "<li><a href=\"#i7-agreed\">Agree to the &lt;rules&gt;</a></li></ul></div>"
    );
    CHECK(has(written_signup(s), "There is a problem"));
}

TEST_CASE("a form is filled in by its labels") {
    test_conversation t{signup{}};
    t.click("Sign up");
    CHECK(t.text().contains("There is a problem"));
    CHECK(t.message_at<&signup::name>() == "Enter your name");
    CHECK(t.message_at<&signup::meals>() == "Choose your meals");
    CHECK(t.message_at<&signup::days>() == "Choose at least one day");
    CHECK(state_of(t).sent == 0);

    t.fill("Name", "Ada").fill<&signup::meals>("half_board").check("Monday").check("Wednesday");
    t.check("I agree").click("Sign up");

    CHECK_FALSE(t.text().contains("There is a problem"));
    CHECK(state_of(t).sent == 1);
    CHECK(state_of(t).meals.value() == meal_plan::half_board);
    CHECK(state_of(t).days.value() == std::vector<std::string>{"mon", "wed"});
}

TEST_CASE("choices can be unchecked until none is left") {
    signup filled{{"Ada"}, {}, {meal_plan::full}, {{"mon", "tue"}}, {true}};
    test_conversation t{filled};
    t.uncheck("Monday").click("Sign up");
    CHECK(state_of(t).days.value() == std::vector<std::string>{"tue"});
    t.uncheck<&signup::days>("tue").click("Sign up");
    CHECK(state_of(t).days.value().empty());
    CHECK(t.text().contains("Choose at least one day"));
    CHECK(state_of(t).sent == 1);
}

TEST_CASE("options of a multiple selection can be chosen and taken back") {
    test_conversation t{planner{}};
    t.check<&planner::plans>("full").check<&planner::plans>("Room only").click("Save");
    CHECK(t.text().contains("Heard: room_only full"));
    t.uncheck<&planner::plans>("full").check<&planner::plans>("half_board").click("Save");
    CHECK(t.text().str().ends_with("Heard: room_only half_board"));
    t.uncheck<&planner::plans>("room_only").uncheck<&planner::plans>("half_board").click("Save");
    CHECK(t.text().str().ends_with("Heard:"));
    CHECK_THROWS_AS(t.check<&planner::plans>("breakfast"), std::logic_error);
}

TEST_CASE("choices stay as they are when their group is not on the page") {
    signup filled;
    filled.days.set({"mon"});
    type_of<signup>().fill(&filled, std::vector<form_value>{{"name", "Ada"}});
    CHECK(filled.days.value() == std::vector<std::string>{"mon"});
}

TEST_CASE("two instances of one component do not share their entries") {
    test_conversation t{two_forms{}};
    t.within("Left").fill("Name", "Ada");
    t.within("Right").fill("Name", "Bob");
    t.within("Left").click("Save");
    CHECK(t.text().contains("Left is called Ada"));
    CHECK_FALSE(t.text().contains("Right is called Bob"));
    t.within("Right").click("Save");
    CHECK(t.text().contains("Left is called Ada"));
    CHECK(t.text().contains("Right is called Bob"));
}

TEST_CASE("a form sets only the fields that its component has declared") {
    test_conversation t{two_forms{}};
    event forged{1, 2, "save", "", {}};
    forged.form = {
        {"i3-name", "of the neighbour"},
        {"i2-secret", "no field"},
        {"i2-nobody", "no member"},
        {"secret", "no field"},
        {"i2-name", "Ada"},
        {"i2", "no member"},
        {"i22-name", "of nobody"}
    };
    auto done = dispatch(t.value(), forged, {t.now()});
    REQUIRE(done.verdict == verdict::applied);
    auto state = [&](instance_id id) {
        return *static_cast<const name_form*>(done.next.instances.find(id)->state.get());
    };
    CHECK(state(2).name.value() == "Ada");
    CHECK(state(2).secret == "kept");
    CHECK(state(3).name.value() == "");
}

TEST_CASE("a confirmation answers yes or no") {
    test_conversation t{host{}};
    t.click("Sure");
    CHECK(t.text().contains("Delete this item?"));
    t.click("Yes");
    CHECK(t.text().contains("Heard: sure"));
    t.click("Sure").click("No");
    CHECK(t.text().contains("Heard: not sure"));
    t.click("Sure in own words").click("Delete");
    CHECK(t.text().contains("Heard: sure"));
}

TEST_CASE("a prompt answers the entered text") {
    test_conversation t{host{}};
    t.click("Name");
    CHECK(t.entered<&ui::prompt::text>() == "Draft");
    t.fill("What is it called?", "Final").submit();
    CHECK(t.text().contains("Heard: [Final]"));
    t.click("Name").click("OK");
    CHECK(t.text().contains("Heard: [Draft]"));
}

TEST_CASE("a prompt can require an entry") {
    test_conversation t{ui::prompt{.question = "Your name?", .if_empty = "Enter a name"}};
    t.fill<&ui::prompt::text>(" ").click("OK");
    CHECK(t.message_at<&ui::prompt::text>() == "Enter a name");
    t.fill<&ui::prompt::text>("Ada").click("OK");
    CHECK(t.ended());
}

TEST_CASE("a cancelled prompt answers nothing even after an entry") {
    test_conversation t{host{}};
    t.click("Name").fill<&ui::prompt::text>("Final").click("Cancel");
    CHECK(t.text().contains("Heard: cancelled"));
}

TEST_CASE("a choice is picked by its label and answered by its value") {
    test_conversation t{host{}};
    t.click("Drink").click("Orange juice");
    CHECK(t.text().contains("Heard: [oj]"));
    t.click("Drink").click("Tea");
    CHECK(t.text().contains("Heard: [Tea]"));
    t.click("Drink").click("Cancel");
    CHECK(t.text().contains("Heard: cancelled"));
}

TEST_CASE("a value that is not offered cannot be chosen") {
    test_conversation t{host{}};
    t.click("Drink").send<&ui::choose::pick>("beer");
    CHECK(t.text().contains("What to drink?"));
}

TEST_CASE("an info dialog answers when it is confirmed") {
    test_conversation t{host{}};
    t.click("Tell");
    CHECK(t.text().contains("Your changes are saved."));
    t.click("OK");
    CHECK(t.text().contains("Heard: told"));
}

TEST_CASE("every dialog is labelled by its question and sets the focus") {
    for (auto name : {"Sure", "Name", "Drink", "Tell"}) {
        CAPTURE(name);
        test_conversation t{host{}};
        t.click(name);
        CHECK(has(t.html(), "role=\"dialog\" aria-labelledby=\"i2-question\""));
        CHECK(has(t.html(), " id=\"i2-question\""));
        const auto focus = t.html().find(" autofocus");
        CHECK(focus != std::string::npos);
        CHECK(t.html().find(" autofocus", focus + 1) == std::string::npos);
    }
}

TEST_CASE("Escape leaves every dialog like its last button") {
    auto on_key = [](std::string_view opener) {
        test_conversation t{host{}};
        t.click(opener);
        const auto html = t.html();
        const auto at = html.find("data-on-keydown");
        REQUIRE(at != std::string::npos);
        CHECK(at < html.find('>'));
        return html.substr(at, html.find('>') - at);
    };
    CHECK(has(on_key("Sure"), "i2.no"));
    CHECK(has(on_key("Name"), "i2.cancel"));
    CHECK(has(on_key("Drink"), "i2.cancel"));
    CHECK(has(on_key("Tell"), "i2.ok"));
}

TEST_CASE("a dialog survives a restart") {
    test_conversation t{host{}};
    t.click("Drink").restart().click("Orange juice");
    CHECK(t.text().contains("Heard: [oj]"));
    t.click("Name").restart().fill<&ui::prompt::text>("Final").submit();
    CHECK(t.text().contains("Heard: [Final]"));
}
