#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;

namespace {

/// Version 1 had "nmae" instead of `name`, and versions 1 and 2 had hours instead of minutes.
struct visit {
    static constexpr std::string_view component = "version/visit";
    static constexpr int version = 3;
    static void migrate(int from, boost::json::object& state) {
        if (from < 2) state["name"] = state["nmae"];
        if (from < 3) state["minutes"] = state.at("hours").to_number<int>() * 60;
    }

    std::string name = "nobody";
    int minutes = 0;

    void longer() { ++minutes; }

    markup render() const {
        return p(name, " ", minutes, button(on<"click", &visit::longer>, "+"));
    }
};
BOOST_DESCRIBE_STRUCT(visit, (), (name, minutes, longer))

/// Has a data member named version and an event named migrate.
struct server_room {
    static constexpr std::string_view component = "version/server_room";
    int version = 7;
    slot<visit> guest{visit{"Ada", 30}};

    void migrate() { ++version; }

    markup render() const {
        return div(p(version, button(on<"click", &server_room::migrate>, "Migrate")), guest);
    }
};
BOOST_DESCRIBE_STRUCT(server_room, (), (version, guest, migrate))

/// stored_lobby() stores it without its guest.
struct lobby {
    static constexpr std::string_view component = "version/lobby";
    int chairs = 4;
    slot<visit> guest{visit{"Ada", 30}};

    void sit() { --chairs; }

    markup render() const {
        return div(p("chairs ", chairs, button(on<"click", &lobby::sit>, "Sit")), guest);
    }
};
BOOST_DESCRIBE_STRUCT(lobby, (), (chairs, guest, sit))

struct stubborn {
    static constexpr std::string_view component = "version/stubborn";
    static constexpr int version = 2;
    static void migrate(int, boost::json::object&) { throw 7; }

    markup render() const { return p("stubborn"); }
};
BOOST_DESCRIBE_STRUCT(stubborn, (), ())

record stored(const conversation& of) {
    auto whole = encode_change(nullptr, of, false);
    return {whole.id, whole.revision, whole.status, whole.written};
}

std::string& body(record& of, std::string_view name) {
    return std::ranges::find(of.parts, name, &part::name)->body;
}

void replace(std::string& in, std::string_view from, std::string_view to) {
    const auto at = in.find(from);
    REQUIRE(at != in.npos);
    in.replace(at, from.size(), to);
}

/// A visit as another version has stored it. `shape` precedes the state, and is "" for version 1.
record stored_visit(std::string_view shape, std::string_view state) {
    test_conversation t{visit{}};
    auto out = stored(t.value());
    auto& part = body(out, "i1");
    replace(part, "\"version\":3,", shape);
    replace(part, R"({"name":"nobody","minutes":0})", state);
    if (shape == "") replace(body(out, "head"), R"("version/visit":3)", R"("version/visit":1)");
    return out;
}

record stored_lobby() {
    test_conversation t{lobby{}};
    auto out = stored(t.value());
    replace(body(out, "i1"), R"({"chairs":4,"guest":2})", R"({"chairs":3})");
    replace(body(out, "head"), R"(,"version/visit":3)", "");
    std::erase_if(out.parts, [](const part& each) { return each.name == "i2"; });
    return out;
}

const visit& visit_of(const conversation& of) {
    return *static_cast<const visit*>(of.top().state.get());
}

}  // namespace

TEST_CASE("a part records the version of its shape unless it is version 1") {
    test_conversation t{server_room{}};
    auto r = stored(t.value());
    CHECK(body(r, "i1").find("{\"clock\":3,\"component\":\"version/server_room\",\"state\"") == 0);
    CHECK(body(r, "i2").find("{\"clock\":3,\"component\":\"version/visit\",\"version\":3,") == 0);
}

TEST_CASE("a state of an older version is migrated when it is read") {
    const auto first = decode_conversation(stored_visit("", R"({"nmae":"Ada","hours":2})"));
    CHECK(visit_of(first).name == "Ada");
    CHECK(visit_of(first).minutes == 120);

    auto second = stored_visit(R"("version":2,)", R"({"name":"Bob","hours":1,"gone":[]})");
    CHECK(visit_of(decode_conversation(second)).name == "Bob");
    CHECK(visit_of(decode_conversation(second)).minutes == 60);
}

TEST_CASE("a slot that the stored state lacks gets its child on the next use") {
    const auto read = decode_conversation(stored_lobby());
    CHECK(read.instances.size() == 1);
    CHECK(has_wakeup(read));
    CHECK_NOTHROW(render_view(read, {}));  // as check_store does, without waking it

    test_conversation t{read};
    CHECK(t.text() == "chairs 3 Sit\nAda 30 +");
    t.click("+").click("Sit").restart();
    CHECK(t.text() == "chairs 2 Sit\nAda 31 +");
}

TEST_CASE("a conversation whose new slot has no child yet can be stored again") {
    const auto read = decode_conversation(stored_lobby());
    const auto again = decode_conversation(stored(read));
    CHECK(again.instances.size() == 1);
    CHECK(has_wakeup(again));
}

TEST_CASE("a migrated state is read as tolerantly as any other") {
    const auto c = decode_conversation(stored_visit(R"("version":2,)", R"({"hours":1})"));
    CHECK(visit_of(c).name == "nobody");
    CHECK_THROWS_WITH_AS(
        decode_conversation(stored_visit(R"("version":2,)", R"({"name":7,"hours":1})")),
        "state of version/visit, from version 2 to 3: expected a string",
        decode_error
    );
}

TEST_CASE("a migrated state is stored in the new shape with its next change and not before") {
    const auto before = decode_conversation(stored_visit("", R"({"nmae":"Ada","hours":2})"));
    auto after = before;
    after.advance();
    auto untouched = encode_change(&before, after, true);
    CHECK(untouched.written.size() == 1);

    auto changed = std::make_shared<instance>(before.top());
    changed->version = 2 * after.revision + 1;
    after.put(changed);
    auto touched = encode_change(&before, after, true);
    REQUIRE(touched.written.size() == 2);
    CHECK(touched.written[0].body.find(R"("version/visit":3)") != std::string::npos);
    CHECK(touched.written[1].body.find(R"("version":3,)") != std::string::npos);
    CHECK(touched.written[1].body.find(R"({"name":"Ada","minutes":120})") != std::string::npos);
}

TEST_CASE("a newer shape is refused with its component and both versions") {
    try {
        decode_conversation(stored_visit(R"("version":4,)", "{}"));
        FAIL("it was read");
    } catch (const newer_shape& e) {
        CHECK(e.component() == "version/visit");
        CHECK(e.stored() == 4);
        CHECK(e.known() == 3);
        CHECK(
            e.what() ==
            std::string("component 'version/visit' was stored in version 4, this program has "
                        "version 3")
        );
    }
}

TEST_CASE("an unknown component is refused with its name") {
    auto r = stored_visit("", "{}");
    replace(body(r, "i1"), "version/visit", "version/gone");
    try {
        decode_conversation(r);
        FAIL("it was read");
    } catch (const unknown_component& e) {
        CHECK(e.component() == "version/gone");
    }
}

TEST_CASE("an exception from migrate is reported as an unreadable state") {
    CHECK_THROWS_WITH_AS(
        decode_conversation(stored_visit("", R"({"name":"Ada"})")),
        doctest::Contains("state of version/visit, from version 1 to 3: migrate failed: "),
        decode_error
    );
    test_conversation t{stubborn{}};
    auto r = stored(t.value());
    replace(body(r, "i1"), "\"version\":2,", "");
    CHECK_THROWS_WITH_AS(
        decode_conversation(r),
        "state of version/stubborn, from version 1 to 2: an exception that is not a std::exception",
        decode_error
    );
}

TEST_CASE("an invalid version counts as damage") {
    for (auto version : {"0", "-1", "2.5", "\"2\"", "99999999999"}) {
        CAPTURE(version);
        const auto shape = "\"version\":" + std::string(version) + ",";
        CHECK_THROWS_AS(decode_conversation(stored_visit(shape, "{}")), decode_error);
    }
}

TEST_CASE("a data member named version is state and an event named migrate is an event") {
    CHECK(type_of<server_room>().version == 1);
    CHECK_FALSE(bool(type_of<server_room>().migrate));
    test_conversation t{server_room{}};
    t.click("Migrate").restart();
    CHECK(t.text().contains("8"));
}
