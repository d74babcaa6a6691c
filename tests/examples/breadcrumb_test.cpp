#include "examples/breadcrumb.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::breadcrumb;
using gallery::catalogue;

TEST_CASE("a catalogue alone shows only its present department") {
    test_conversation t{catalogue{}};

    t.click("Plants").click("Bulbs");

    CHECK(t.text() == "Bulbs\nCrocuses\nTulips");
}

TEST_CASE("a breadcrumb shows the path and leads back along it") {
    test_conversation t{breadcrumb{}};

    t.click("Plants").click("Bulbs").click("Tulips");
    CHECK(t.text().contains("Garden shop\nPlants\nBulbs\nTulips\nTulips"));
    t.restart().click("Plants");
    CHECK(t.text() == "Garden shop\nPlants\nPlants\nBulbs\nShrubs");
    t.click("Garden shop").click("Tools");
    CHECK(t.text().contains("For lawns"));
}

TEST_CASE("an event with an invented department changes nothing") {
    test_conversation t{breadcrumb{}};

    t.send<&catalogue::enter>("Tulips").send<&breadcrumb::leave_to>(7u);

    CHECK(!t.failed());
    CHECK(t.text().contains("Garden shop\nGarden shop"));
}
