#include "runtime/conversation/decoder.hpp"
#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/check_store.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>

#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;

namespace {

struct prices {
    int of_tea = 3;
};

struct menu {
    static constexpr std::string_view component = "check/menu";
    static constexpr int version = 2;
    std::string dish = "soup";

    static void migrate(int, boost::json::object& state) { state["dish"] = state.at("meal"); }

    /// Reads the application's object, as pages do.
    markup render(const context& c) const {
        if (dish == "poison") throw std::runtime_error("not on a plate");
        return p(dish, " ", c.app<prices>().of_tea);
    }
};
BOOST_DESCRIBE_STRUCT(menu, (), (dish))

struct dining_room {
    static constexpr std::string_view component = "check/dining_room";
    slot<menu> card{menu{}};

    markup render() const { return div(card); }
};
BOOST_DESCRIBE_STRUCT(dining_room, (), (card))

prices& all_prices() {
    static prices all;
    return all;
}

void set_app(conversation_options& o) {
    o.app.add(all_prices());
}

std::string& body(record& of, std::string_view name) {
    return std::ranges::find_if(
               of.parts,
               [&](const part& each) { return each.name.starts_with(name); }
    )->body;
}

void replace(std::string& in, std::string_view from, std::string_view to) {
    const auto at = in.find(from);
    REQUIRE(at != in.npos);
    in.replace(at, from.size(), to);
}

/// A stored dining room under each of these ids.
std::shared_ptr<script> stored(std::initializer_list<const char*> ids) {
    world w(set_app);
    w.minted(call<dining_room>().release());
    auto out = after_restart(w.store());
    const auto made = out->stored.at(0);
    out->stored.clear();
    for (const auto* each : ids) {
        out->stored.push_back(made);
        out->stored.back().id = each;
    }
    return out;
}

store_check checked(const std::shared_ptr<script>& told) {
    auto from = scripted_store(told);
    const app_objects objects(all_prices());
    auto found = check_store(*from, {time_point(), &objects});
    CHECK(told->changes().empty());
    return found;
}

/// Rewrites the stored menu, the second instance, as its version 1.
void make_old(record& of, std::string_view member = "meal") {
    replace(body(of, "head"), R"("check/menu":2)", R"("check/menu":1)");
    replace(body(of, "i2"), R"("version":2,)", "");
    replace(body(of, "i2"), "\"dish\"", "\"" + std::string(member) + "\"");
}

}  // namespace

TEST_CASE("the check of a store of this release finds nothing to migrate") {
    const auto found = checked(stored({"a", "b"}));
    CHECK(found.as_they_are == 2);
    CHECK(found.all_can_continue());
    CHECK(
        report_of(found) ==
        "component          version  conversations\n"
        "check/dining_room  1        2              fits\n"
        "check/menu         2        2              fits\n"
        "as_they_are=2 migrated=0 not_kept=0 newer_shape=0 unknown_component=0 failed=0 "
        "unreadable=0\n"
        "all can continue\n"
    );
}

TEST_CASE("a conversation of an older version counts as migrated and as usable") {
    auto told = stored({"a", "b"});
    make_old(told->stored[1]);
    const auto found = checked(told);
    CHECK(found.as_they_are == 1);
    CHECK(found.migrated == 1);
    CHECK(found.all_can_continue());
    CHECK(
        report_of(found).find("check/menu         1 -> 2   1              migrates\n") !=
        std::string::npos
    );
}

TEST_CASE("a failure is reported by component and version with an example") {
    auto told = stored({"migrate", "state", "render", "fine"});
    make_old(told->stored[0], "lunch");
    replace(body(told->stored[1], "i2"), R"("soup")", "7");
    replace(body(told->stored[2], "i2"), R"("soup")", R"("poison")");
    const auto found = checked(told);
    CHECK(found.failed == 3);
    CHECK(found.as_they_are == 1);
    CHECK_FALSE(found.all_can_continue());
    REQUIRE(found.shapes.size() == 3);
    CHECK(found.shapes[1].version == 1);
    CHECK(found.shapes[1].failed == 1);
    CHECK(found.shapes[1].example == "migrate");
    CHECK(found.shapes[2].version == 2);
    CHECK(found.shapes[2].conversations == 3);
    CHECK(found.shapes[2].failed == 2);
    CHECK(found.shapes[2].example == "state");
    CHECK(found.shapes[2].why == "state of check/menu: expected a string");

    told->stored.erase(told->stored.begin() + 1);
    CHECK(checked(told).shapes[2].why == "cannot be shown: not on a plate");
}

TEST_CASE("newer shapes and unknown components are counted separately") {
    auto told = stored({"newer", "gone"});
    replace(body(told->stored[0], "head"), R"("check/menu":2)", R"("check/menu":5)");
    replace(body(told->stored[0], "i2"), R"("version":2)", R"("version":5)");
    replace(body(told->stored[1], "head"), "check/menu", "check/gone");
    replace(body(told->stored[1], "i2"), "check/menu", "check/gone");
    const auto found = checked(told);
    CHECK(found.newer_shape == 1);
    CHECK(found.unknown_component == 1);
    const auto text = report_of(found);
    CHECK(
        text.find(
            "check/gone         2        1              UNKNOWN, 1 cannot continue, such as gone"
        ) != std::string::npos
    );
    CHECK(
        text.find(
            "check/menu         5        1              NEWER, 1 cannot continue, such as newer"
        ) != std::string::npos
    );
    CHECK(text.ends_with("some cannot continue\n"));
}

TEST_CASE("tombstones do not count as failures and unreadable records do") {
    auto told = stored({});
    told->stored.push_back(
        {"mark",
         4,
         record_status::tombstone,
         {{"head", R"({"format":1,"owner":"owner","mount":"/flow","touched":1})"}}}
    );
    CHECK(checked(told).all_can_continue());
    CHECK(checked(told).not_kept == 1);
    told->stored.push_back({"torn", 1, record_status::kept, {{"head", "{"}}});
    told->quarantined.push_back({"bad", "a checksum does not fit", "row 7"});
    const auto found = checked(told);
    CHECK(found.failed == 1);
    CHECK(found.unreadable == 1);
    CHECK(found.others.size() == 2);
    CHECK(
        report_of(found).find("cannot be read: bad: a checksum does not fit\n") != std::string::npos
    );
}
