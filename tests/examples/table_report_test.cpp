#include "examples/table_report.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace stube;
using gallery::sales_column;
using gallery::table_report;

namespace {

/// True if the first of these products comes before the second.
bool is_above(const test_conversation& t, std::string_view first, std::string_view second) {
    const auto text = t.text();
    return text.str().find(first) < text.str().find(second);
}

}  // namespace

TEST_CASE("a report is sorted by its first column at first") {
    test_conversation t{table_report{}};

    CHECK(is_above(t, "Flower pot", "Garden hose"));
    CHECK(is_above(t, "Watering can", "Wheelbarrow"));
}

TEST_CASE("a click on a heading sorts by it and another click reverses the order") {
    test_conversation t{table_report{}};

    t.send<&table_report::sort>(sales_column::sold);
    CHECK(is_above(t, "Wheelbarrow", "Flower pot"));
    CHECK(t.html().find("aria-sort=\"ascending\"") != std::string::npos);
    t.send<&table_report::sort>(sales_column::sold);
    CHECK(is_above(t, "Flower pot", "Wheelbarrow"));
    CHECK(t.html().find("aria-sort=\"descending\"") != std::string::npos);
    t.send<&table_report::sort>(sales_column::product);
    CHECK(is_above(t, "Flower pot", "Wheelbarrow"));
    CHECK(t.html().find("aria-sort=\"ascending\"") != std::string::npos);
}

// 46 + 31 + 18 + 120 + 7 = 222; 874 + 1054 + 936 + 720 + 623 = 4207
TEST_CASE("a report adds up the sold pieces and the sales") {
    test_conversation t{table_report{}};

    CHECK(t.text().contains("222"));
    CHECK(t.text().contains("€4207"));
}
