#include "examples/calculator.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stube;
using gallery::calculator;

namespace {

/// The display after these keys.
std::string shown_after(std::string_view keys) {
    calculator c;
    for (const char key : keys) {
        if (key >= '0' && key <= '9') c.digit(key - '0');
        if (key == '.') c.point();
        if (key == '=') c.equals();
        if (key == '<') c.take_back();
        if (key == 'C') c.clear();
        if (std::string_view("+-*/").find(key) != std::string_view::npos) c.operate({key});
    }
    return c.shown;
}

}  // namespace

TEST_CASE("a calculator computes from left to right") {
    struct row {
        std::string keys;
        std::string display;
    };
    const std::vector<row> rows{
        {"", "0"},
        {"007", "7"},
        {"12+30=", "42"},
        {"7-10=", "-3"},
        {"6*7=", "42"},
        {"1/8=", "0.125"},
        {"0.1+0.2=", "0.3"},
        {".5+.25=", "0.75"},
        {"1.2.5=", "1.25"},
        {"2+3*4=", "20"},   // from left to right
        {"2+*4=", "8"},     // the last operation counts
        {"5==", "5"},       // nothing to compute
        {"2+3=4", "4"},     // a digit after a result starts over
        {"2+3=*4=", "20"},  // an operation uses the result
        {"129<<4=", "14"},  // taken back
        {"5<<<", "0"},
        {"9C", "0"},
        {"8/0=", "Cannot divide by 0"},
        {"8/0=+1=", "1"},
        {"12345678901234", "123456789012"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.keys);
        CHECK(shown_after(row.keys) == row.display);
    }
}

TEST_CASE("a calculator is operated by its buttons") {
    test_conversation t{calculator{}};
    t.click("1").click("2").click("Times").click("3").click("Equals");
    CHECK(t.text().contains("36"));

    t.restart().click("Divided by").click("9").click("Equals");
    CHECK(t.text().contains("4"));
}

TEST_CASE("a calculator ignores events that its buttons do not send") {
    test_conversation t{calculator{}};
    t.click("7").send<&calculator::digit>(12).send<&calculator::operate>("%");
    t.send<&calculator::operate>("").click("Equals");
    CHECK(t.text().contains("7"));
    CHECK(!t.failed());
}
