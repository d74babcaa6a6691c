#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/tree.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

struct bell {
    static constexpr std::string_view component = "inspect/bell";
    int rung = 0;

    void ring() { ++rung; }

    markup render() const { return p(rung, button(on<"click", &bell::ring>, "Ring")); }
};
BOOST_DESCRIBE_STRUCT(bell, (), (rung, ring))

struct house {
    static constexpr std::string_view component = "inspect/house";
    slot<bell> door;
    keyed<bell> rooms;

    effects start() {
        rooms.push_back("attic", bell{3});
        return after<&house::close>(1h) + subscribe<&house::close>("evening");
    }

    effects close() { return call<ui::confirm>("Close?").then<&house::closed>(); }

    void closed(bool) {}

    markup render() const {
        return div(door, ul(rooms), button(on<"click", &house::close>, "Close"));
    }
};
BOOST_DESCRIBE_STRUCT(house, (), (door, rooms, close, closed))

std::string written(const std::vector<patch>& all) {
    std::string out;
    for (const auto& each : all) {
        out += std::to_string(static_cast<int>(each.kind)) + " " + std::to_string(each.target) +
               " " + std::string(each.content.text()) + each.json + "\n";
    }
    return out;
}

}  // namespace

TEST_CASE("a conversation prints as a tree") {
    test_conversation t{house{}};
    t.click("Close");
    const auto text = tree(t.value());
    CAPTURE(text);
    CHECK(text.starts_with(
        "conversation test revision 2 step 2\n#1 inspect/house {\"door\":2,\"rooms\":"
    ));
    CHECK(text.find("} timer close topic evening\n") != text.npos);
    CHECK(text.find("\n  door: #2 inspect/bell {\"rung\":0}\n") != text.npos);
    CHECK(text.find("\n  rooms attic: #3 inspect/bell {\"rung\":3}\n") != text.npos);
    CHECK(text.find("\n  covered by #4 stube/confirm {\"question\":\"Close?\",") != text.npos);
    CHECK(text.ends_with(" answers to closed\n"));
}

TEST_CASE("the lines of a tree have the place, the depth and the state of each component") {
    test_conversation t{house{}};
    t.click("Close");
    const auto lines = tree_lines(t.value());
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].place.empty());
    CHECK(lines[0].depth == 0);
    CHECK(lines[0].id == 1);
    CHECK(lines[0].waits == std::vector<std::string>{"timer close", "topic evening"});
    CHECK(lines[1].place == "door");
    CHECK(lines[1].depth == 1);
    CHECK(lines[1].state == R"({"rung":0})");
    CHECK(lines[2].place == "rooms attic");
    CHECK(lines[2].type->name == bell::component);
    CHECK(lines[3].place == "covered by");
    CHECK(lines[3].depth == 1);
    CHECK(lines[3].then == "closed");
}

TEST_CASE("a recorded sequence of events replays to the same patches") {
    test_conversation t{house{}};
    const auto beginning = t.value();
    std::vector<std::string> seen;
    auto see = [&] { seen.push_back(written(t.patches())); };
    t.within("3").click("Ring");
    see();
    t.click("Close");
    see();
    t.click("Yes");
    see();

    const auto again = replay(beginning, t.events(), {t.now()});

    REQUIRE(again.size() == 3);
    for (std::size_t at = 0; at < 3; ++at)
        CHECK(written(again[at].patches) == seen[at]);
    CHECK(again.back().next.revision == 4);
}
