#include "runtime/kernel/script_only.hpp"

#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

// Pages that are submitted as a whole, by browsers without scripts.

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

struct remark {
    static constexpr std::string_view component = "submitted/remark";
    field<std::string> text;
    field<int> stars = 1;

    void save() {}

    markup render() const {
        return div(
            input(bind<&remark::text>(*this)),
            input(bind<&remark::stars>(*this)),
            button(on<"click", &remark::save>, "Save")
        );
    }
};
BOOST_DESCRIBE_STRUCT(remark, (), (text, stars, save))

struct note {
    static constexpr std::string_view component = "submitted/note";

    markup render() const { return p("note"); }
};
BOOST_DESCRIBE_STRUCT(note, (), ())

struct order {
    static constexpr std::string_view component = "submitted/order";
    field<std::string> name;
    slot<remark> extra = remark();
    int count = 0;

    void more() { ++count; }

    effects next() { return call<note>(); }

    markup render() const {
        return div(
            input(bind<&order::name>(*this)),
            extra,
            button(on<"click", &order::more>, "+"),
            button(on<"click", &order::next>, "Next")
        );
    }
};
BOOST_DESCRIBE_STRUCT(order, (), (name, extra, count, more, next))

conversation begun() {
    conversation fresh;
    fresh.id = "c";
    auto done = begin(std::move(fresh), call<order>().release(), {});
    REQUIRE(done.verdict == verdict::applied);
    return std::move(done.next);
}

event submission(const conversation& page, std::string member, std::vector<form_value> form) {
    event what;
    what.id = 0x1000001;
    what.instance = page.root;
    what.name = std::move(member);
    what.form = std::move(form);
    what.page = submitted_page{page.step, page.revision};
    return what;
}

const order& root_of(const conversation& c) {
    return *static_cast<const order*>(c.instances.at(c.root).state.get());
}

const remark& remark_of(const conversation& c) {
    return *static_cast<const remark*>(c.instances.at(root_of(c).extra.id()).state.get());
}

std::string of_remark(const conversation& c, std::string_view member) {
    return element_id(root_of(c).extra.id(), member);
}

}  // namespace

TEST_CASE("a submitted page keeps the entries of components other than the event's") {
    const auto page = begun();
    const auto done = dispatch(
        page,
        submission(page, "more", {{"i1-name", "Ada"}, {of_remark(page, "text"), "late"}}),
        {}
    );
    REQUIRE(done.verdict == verdict::applied);
    CHECK(root_of(done.next).count == 1);
    CHECK(root_of(done.next).name.text() == "Ada");
    CHECK(remark_of(done.next).text.text() == "late");
}

TEST_CASE("an event of a script fills no fields of another component") {
    const auto page = begun();
    auto what = submission(page, "more", {{of_remark(page, "text"), "late"}});
    what.page = std::nullopt;
    const auto done = dispatch(page, what, {});
    REQUIRE(done.verdict == verdict::applied);
    CHECK(remark_of(done.next).text.text().empty());
}

TEST_CASE("a component whose fields were submitted unchanged keeps its version") {
    const auto page = begun();
    const auto id = root_of(page).extra.id();
    const auto done = dispatch(
        page,
        submission(page, "more", {{of_remark(page, "text"), ""}, {of_remark(page, "stars"), "1"}}),
        {}
    );
    CHECK(done.next.instances.get(id) == page.instances.get(id));
}

TEST_CASE("a component that has changed since the page was made keeps its newer state") {
    const auto page = begun();
    event of_script;
    of_script.id = 0x2000001;
    of_script.instance = root_of(page).extra.id();
    of_script.name = "save";
    of_script.form = {{of_remark(page, "text"), "newer"}};
    const auto newer = dispatch(page, of_script, {});
    REQUIRE_MESSAGE(newer.verdict == verdict::applied, newer.error);
    const auto& now = newer.next;
    const auto done =
        dispatch(now, submission(page, "more", {{of_remark(page, "text"), "older"}}), {});
    CHECK(remark_of(done.next).text.text() == "newer");
    CHECK(root_of(done.next).count == 1);
}

TEST_CASE("a submission of an earlier step goes back to it first") {
    const auto page = begun();
    auto onward = submission(page, "next", {});
    onward.id = 0x2000001;
    const auto now = dispatch(page, onward, {}).next;
    REQUIRE(now.step == 2);
    const auto done = dispatch(now, submission(page, "more", {}), {});
    REQUIRE(done.verdict == verdict::applied);
    CHECK(done.next.step == 1);
    CHECK(root_of(done.next).count == 1);
    CHECK(done.next.has_applied(0x1000001));
    CHECK(dispatch(done.next, submission(page, "more", {}), {}).verdict == verdict::repeated);
}

TEST_CASE("a submission of a step that is gone changes nothing and shows a message") {
    const auto page = begun();
    auto onward = submission(page, "next", {});
    onward.id = 0x2000001;
    const auto now = dispatch(page, onward, {}).next;
    auto what = submission(page, "more", {});
    what.page->step = 7;
    const auto done = dispatch(now, what, {});
    CHECK(done.verdict == verdict::stale);
    CHECK(done.patches.back().kind == patch_kind::notice);
}

TEST_CASE("a submission that the user cancels keeps the entries and runs nothing") {
    const auto page = begun();
    const auto done = dispatch(
        page,
        submission(page, "", {{"i1-name", "Ada"}, {of_remark(page, "text"), "late"}}),
        {}
    );
    REQUIRE(done.verdict == verdict::applied);
    CHECK(root_of(done.next).count == 0);
    CHECK(root_of(done.next).name.text() == "Ada");
    CHECK(remark_of(done.next).text.text() == "late");
}

// --- members that need scripts

namespace {

struct finder {
    static constexpr std::string_view component = "submitted/finder";
    field<std::string> words;

    void update() {}

    void clear() {}

    void close() {}

    markup render() const {
        return section(
            on<"keydown", &finder::close>.key("Escape"),
            input(on<"input", &finder::update>, bind<&finder::words>(*this)),
            button(on<"click", &finder::close>, "Close"),
            a(href("/elsewhere"), on<"click", &finder::clear>, "Clear")
        );
    }
};
BOOST_DESCRIBE_STRUCT(finder, (), (words, update, clear, close))

}  // namespace

TEST_CASE("a warning names the members that only scripts can reach") {
    const test_conversation t(finder{});
    CHECK(
        t.warnings() ==
        std::vector<std::string>{
            "submitted/finder: clear (click)",
            "submitted/finder: update (input)"
        }
    );
}

TEST_CASE("the stock dialogs can be used without scripts") {
    CHECK(test_conversation(ui::confirm{.question = "Sure?"}).warnings().empty());
    CHECK(test_conversation(ui::prompt{.question = "Name?"}).warnings().empty());
    CHECK(test_conversation(ui::choose{.question = "Which?", .offered = {"a", "b"}})
              .warnings()
              .empty());
    CHECK(test_conversation(ui::info{.text = "Done"}).warnings().empty());
}
