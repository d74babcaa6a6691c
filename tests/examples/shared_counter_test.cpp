#include "examples/everyone.hpp"
#include "examples/shared_counter.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace stube;
using gallery::everyone;
using gallery::shared_counter;

namespace {

test_conversation visit(everyone& shared) {
    test_conversation t{shared_counter{}};
    t.provide(shared);
    return t;
}

bool shows(const test_conversation& t, int n) {
    return t.html().find("<output>" + std::to_string(n) + "</output>") != std::string::npos;
}

}  // namespace

TEST_CASE("all visitors share one number and a click is published to the others") {
    everyone shared;
    auto ada = visit(shared);
    ada.click("+").click("+");
    CHECK(shows(ada, 2));
    CHECK(ada.published() == std::vector<std::string>{"gallery/number [1]", "gallery/number [2]"});

    auto grace = visit(shared);
    CHECK(shows(grace, 2));

    grace.publish("gallery/number", 3);
    CHECK(shows(grace, 3));
}

TEST_CASE("a late message does not lower the number") {
    everyone shared;
    auto t = visit(shared);
    t.publish("gallery/number", 2).publish("gallery/number", 1);

    CHECK(shows(t, 2));
}

TEST_CASE("stored conversations restore the shared number after a restart") {
    std::optional<everyone> server(std::in_place);
    auto ada = visit(*server);
    ada.click("+").click("+").click("+");

    server.emplace();
    auto newcomer = visit(*server);
    CHECK(shows(newcomer, 0));

    ada.restart();
    CHECK(server->number.value() == 3);
    CHECK(ada.published().back() == "gallery/number [3]");

    newcomer.publish("gallery/number", 3).click("+");
    CHECK(shows(newcomer, 4));
}
