#include "examples/columns.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stube;
using gallery::columns;

namespace {

/// The titles of the open notes, from left to right.
std::vector<std::string> open_notes(const test_conversation& t) {
    std::vector<std::string> out;
    const auto html = t.html();
    for (auto at = html.find("<h2"); at != std::string::npos; at = html.find("<h2", at)) {
        at = html.find('>', at) + 1;
        out.push_back(html.substr(at, html.find('<', at) - at));
    }
    return out;
}

using titles = std::vector<std::string>;

std::vector<kernel::patch_kind> kinds(const test_conversation& t) {
    std::vector<kernel::patch_kind> out;
    for (const auto& each : t.patches())
        out.push_back(each.kind);
    return out;
}

using kind_list = std::vector<kernel::patch_kind>;

}  // namespace

TEST_CASE("a note opens to the right of the note that mentions it") {
    test_conversation t{columns{}};
    t.within("Flour, water, salt").click("Oven");
    t.within("Flour, water, salt").click("Waiting");
    CHECK(open_notes(t) == titles{"Bread", "Waiting", "Oven"});
    CHECK(kinds(t) == kind_list{kernel::patch_kind::insert});
}

TEST_CASE("a column moves without being rendered again") {
    test_conversation t{columns{}};
    t.within("Flour, water, salt").click("Oven");
    t.click("Move left Oven");
    CHECK(open_notes(t) == titles{"Oven", "Bread"});
    CHECK(kinds(t) == kind_list{kernel::patch_kind::move});
    CHECK(t.patches().front().content.empty());

    t.click("Move left Oven");
    CHECK(open_notes(t) == titles{"Oven", "Bread"});
    t.click("Move right Oven");
    CHECK(open_notes(t) == titles{"Bread", "Oven"});
}

TEST_CASE("closing a column does not change the others") {
    test_conversation t{columns{}};
    t.within("Flour, water, salt").click("Oven");
    t.click("Close Bread");
    CHECK(open_notes(t) == titles{"Oven"});
    CHECK(kinds(t) == kind_list{kernel::patch_kind::remove});

    t.click("Close Oven");
    CHECK(open_notes(t) == titles{"Bread"});
}

TEST_CASE("only existing notes can be opened") {
    test_conversation t{columns{}};
    t.send<&columns::show>(9, 0).send<&columns::show>(-1, 0).send<&columns::close>(3);
    t.send<&columns::move>(3, 1);
    CHECK(open_notes(t) == titles{"Bread"});
    CHECK(!t.failed());
}
