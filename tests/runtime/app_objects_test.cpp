#include <stube/runtime/app_objects.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace stube;
using namespace stube::html;

namespace {

struct prices {
    int of_tea = 3;
};

struct opening_hours {
    std::string today = "9 to 5";
};

struct cafe {
    static constexpr std::string_view component = "app_objects/cafe";

    markup render(const context& c) const {
        return p("Tea ", c.app<prices>().of_tea, ", open ", c.app<opening_hours>().today);
    }
};
BOOST_DESCRIBE_STRUCT(cafe, (), ())

struct kiosk {
    static constexpr std::string_view component = "app_objects/kiosk";
    bool found = true;

    void start(context& c) { found = c.find_app<prices>() != nullptr; }

    markup render() const { return p(found ? "priced" : "free"); }
};
BOOST_DESCRIBE_STRUCT(kiosk, (), (found, start))

}  // namespace

TEST_CASE("a component reaches application objects of several types") {
    prices known{4};
    opening_hours hours;
    test_conversation t{cafe{}};
    t.provide(known).provide(hours);
    CHECK(t.text().contains("Tea 4, open 9 to 5"));
}

TEST_CASE("an application object takes the place of another one of its type") {
    prices old{4};
    prices present{5};
    app_objects all(old);
    all.add(present);
    CHECK(all.find<prices>() == &present);
}

TEST_CASE("an application object of a type that was not provided is an error") {
    opening_hours hours;
    test_conversation t{cafe{}};
    t.provide(hours);
    CHECK(t.error() == "stube: no application object of this type was provided");
}

TEST_CASE("a component can find out that an application object was not provided") {
    test_conversation t{kiosk{}};
    CHECK(t.text().contains("free"));
}
