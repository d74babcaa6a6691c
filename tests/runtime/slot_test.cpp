#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
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

int parent_renders = 0;
int child_renders = 0;

struct counter {
    static constexpr std::string_view component = "slot/counter";
    using answer_type = int;
    std::string name = "counter";
    int n = 0;

    void start(context& c) { c.app<diary>().lines.push_back(name + " starts"); }

    void stop(context& c) { c.app<diary>().lines.push_back(name + " stops"); }

    void inc() { ++n; }

    answers<int> tell() { return answer(n); }

    effects give_up() { return fail("Tired"); }

    markup render() const {
        ++child_renders;
        return p(
            name,
            " ",
            n,
            button(on<"click", &counter::inc>, "+"),
            button(on<"click", &counter::tell>, "Tell"),
            button(on<"click", &counter::give_up>, "Give up")
        );
    }
};
BOOST_DESCRIBE_STRUCT(counter, (), (name, n, inc, tell, give_up))

/// A component that is called over a slot. It can call another one there.
struct editor {
    static constexpr std::string_view component = "slot/editor";
    using answer_type = std::string;
    std::string text;

    void start(context& c) { c.app<diary>().lines.push_back(text + " starts"); }

    void stop(context& c) { c.app<diary>().lines.push_back(text + " stops"); }

    answers<std::string> save() { return answer(text + "!"); }

    effects deeper() { return call<editor>("inner").then<&editor::take>(); }

    effects become_other() { return become<editor>("other editor"); }

    void take(std::string from) { text += " " + from; }

    markup render() const {
        return form(
            on<"submit", &editor::save>,
            text,
            button("Save " + text),
            button(type("button"), on<"click", &editor::deeper>, "Deeper"),
            button(type("button"), on<"click", &editor::become_other>, "Become")
        );
    }
};
BOOST_DESCRIBE_STRUCT(editor, (), (text, save, deeper, become_other, take))

struct panel {
    static constexpr std::string_view component = "slot/panel";
    slot<counter> left = slot<counter>(counter{"left"}).then<&panel::told>();
    slot<counter> right = slot<counter>(counter{"right"});
    std::string heard = "nothing";

    void start(context& c) { c.app<diary>().lines.push_back("panel starts"); }

    void stop(context& c) { c.app<diary>().lines.push_back("panel stops"); }

    void told(int n) { heard = "told " + std::to_string(n); }

    void edited(std::string text) { heard = std::move(text); }

    effects edit() { return call<editor>("editor").in<&panel::left>().then<&panel::edited>(); }

    effects edit_later() { return after<&panel::edit>(1s); }

    effects renew() {
        left = slot<counter>(counter{"new"}).then<&panel::told>();
        return {};
    }

    void rename() { heard = "renamed"; }

    answers<> leave() { return answer(); }

    effects become_later() { return after<&panel::become_other>(1s) + edit(); }

    effects become_other();

    markup render() const {
        ++parent_renders;
        return section(
            h1(heard),
            button(on<"click", &panel::edit>, "Edit"),
            button(on<"click", &panel::renew>, "Renew"),
            button(on<"click", &panel::rename>, "Rename"),
            button(on<"click", &panel::leave>, "Leave"),
            button(on<"click", &panel::become_later>, "Become later"),
            left,
            right
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    panel,
    (),
    (left,
     right,
     heard,
     told,
     edited,
     edit,
     edit_later,
     renew,
     rename,
     leave,
     become_later,
     become_other)
)

/// Calls a panel, and becomes another component while it waits.
struct host {
    static constexpr std::string_view component = "slot/host";

    void start(context& c) { c.app<diary>().lines.push_back("host starts"); }

    void stop(context& c) { c.app<diary>().lines.push_back("host stops"); }

    effects open() { return after<&host::change>(1s) + call<panel>(); }

    effects change() { return become<counter>("new"); }

    markup render() const { return p("Host", button(on<"click", &host::open>, "Open")); }
};
BOOST_DESCRIBE_STRUCT(host, (), (open, change))

effects panel::become_other() {
    return become<counter>("new");
}

}  // namespace

TEST_CASE("a child starts before its owner and is shown in its place") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d);
    CHECK(t.text().contains("left 0"));
    CHECK(t.text().contains("right 0"));
    CHECK(d.lines == lines{"left starts", "right starts", "panel starts"});
}

TEST_CASE("an event of a child renders and patches only that child") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("right").click("+");
    CHECK(t.text().contains("right 1"));
    CHECK(t.text().contains("left 0"));
    REQUIRE(t.patches().size() == 1);
    CHECK(t.patches()[0].kind == patch_kind::instance);
    CHECK(t.patches()[0].target == 3);

    // The same in the kernel alone: test_conversation renders the whole page besides.
    parent_renders = child_renders = 0;
    const app_objects objects(d);
    const environment env{t.now(), &objects};
    const auto done = dispatch(t.value(), {99, 3, "inc", "", {}}, env);
    CHECK(done.verdict == verdict::applied);
    CHECK(parent_renders == 0);
    CHECK(child_renders == 1);
}

TEST_CASE("an event of the owner does not send its children again") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).text();
    parent_renders = child_renders = 0;
    const app_objects objects(d);
    const environment env{t.now(), &objects};
    const auto done = dispatch(t.value(), {99, 1, "rename", "", {}}, env);
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].target == 1);
    const auto text = done.patches[0].content.text();
    CHECK(text.find("<template id=\"i2\" data-stube-keep></template>") != text.npos);
    CHECK(text.find("<template id=\"i3\" data-stube-keep></template>") != text.npos);
    CHECK(child_renders == 0);
}

TEST_CASE("the answer of a child reaches its owner and the child stays") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("left").click("+").within("left").click("Tell");
    CHECK(t.text().contains("told 1"));
    CHECK(t.text().contains("left 1"));
    CHECK(d.lines.size() == 3);
}

TEST_CASE("a child without a member for its answers cannot answer") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("right").click("Tell");
    CHECK(t.failed());
    CHECK(t.error() == "stube: slot/counter answered in a slot or list without .then<...>()");
}

TEST_CASE("a child that fails shows a message and stays") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("left").click("Give up");
    CHECK(t.notices() == lines{"Tired"});
    CHECK(t.text().contains("left 0"));
}

TEST_CASE("assigning a slot starts a new child and stops the old one") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).click("Renew");
    CHECK(t.text().contains("new 0"));
    CHECK_FALSE(t.text().contains("left 0"));
    CHECK(
        d.lines == lines{"left starts", "right starts", "panel starts", "new starts", "left stops"}
    );
    CHECK(t.value().last_instance == 4);
    CHECK(t.value().instances.size() == 3);
}

TEST_CASE("editing in place covers one child until the editor answers") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("left").click("+").click("Edit");
    CHECK_FALSE(t.text().contains("left"));
    CHECK(t.text().contains("right 0"));
    REQUIRE(t.patches().size() >= 1);
    CHECK(t.patches()[0].kind == patch_kind::instance);
    CHECK(t.patches()[0].target == 2);

    t.click("Save editor");
    CHECK(t.text().contains("editor!"));
    CHECK(t.text().contains("left 1"));
    CHECK(d.lines.back() == "editor stops");
}

TEST_CASE("a covered child takes no events") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("left").click("+").click("Edit");
    const app_objects objects(d);
    const auto done = dispatch(t.value(), {99, 2, "inc", "", {}}, {t.now(), &objects});
    CHECK(done.verdict == verdict::stale);
}

TEST_CASE("editing in place nests and each answer returns to the component below") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).click("Edit").click("Deeper");
    CHECK(t.text().contains("Save inner"));
    t.click("Save inner");
    CHECK(t.text().contains("editor inner!"));
    t.click("Save editor inner!");
    CHECK(t.text().contains("editor inner!!"));
    CHECK(t.text().contains("left 0"));
}

TEST_CASE("an owner that leaves stops each component in its slots once") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).click("Edit").click("Deeper");
    d.lines.clear();
    t.click("Leave");
    CHECK(t.ended());
    CHECK(
        d.lines == lines{"inner stops", "editor stops", "left stops", "right stops", "panel stops"}
    );
}

TEST_CASE("the successor of a component over a slot answers in its place") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).click("Edit").click("Become").click("Save other editor");
    CHECK(t.text().contains("other editor!"));
    CHECK(t.text().contains("left 0"));
}

TEST_CASE("children are on the page after a restart and take events") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).within("left").click("+").restart();
    CHECK(t.text().contains("left 1"));
    CHECK(t.text().contains("right 0"));
    CHECK(t.within("left").click("+").text().contains("left 2"));
}

TEST_CASE("editing in place continues after a restart") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).click("Edit").click("Deeper").restart();
    t.click("Save inner").click("Save editor inner!");
    CHECK(t.text().contains("editor inner!!"));
    CHECK(t.text().contains("left 0"));
}

TEST_CASE("a waiting component that becomes another stops the component it called") {
    diary d;
    test_conversation t{host{}};
    t.provide(d).click("Open").advance(1s);
    CHECK(t.text() == "new 0 + Tell Give up");
    CHECK(
        d.lines ==
        lines{
            "host starts",
            "left starts",
            "right starts",
            "panel starts",
            "new starts",
            "left stops",
            "right stops",
            "panel stops",
            "host stops"
        }
    );
    CHECK(t.restart().text() == "new 0 + Tell Give up");
}

TEST_CASE("an owner that becomes another stops the component it called into its slot") {
    diary d;
    test_conversation t{panel{}};
    t.provide(d).click("Become later");
    d.lines.clear();
    t.advance(1s);
    CHECK(
        d.lines == lines{"new starts", "editor stops", "left stops", "right stops", "panel stops"}
    );
    CHECK(t.value().instances.size() == 1);
}
