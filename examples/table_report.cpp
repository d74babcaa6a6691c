#include "table_report.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

struct sale {
    std::string product;
    int sold;
    int price;  ///< euros

    int revenue() const { return sold * price; }
};

const std::vector<sale>& sales() {
    static const std::vector<sale> all{
        {"Watering can", 46, 19},
        {"Spade", 31, 34},
        {"Garden hose", 18, 52},
        {"Flower pot", 120, 6},
        {"Wheelbarrow", 7, 89},
    };
    return all;
}

bool is_before(const sale& left, const sale& right, sales_column by) {
    switch (by) {
    case sales_column::sold:
        return left.sold < right.sold;
    case sales_column::price:
        return left.price < right.price;
    case sales_column::revenue:
        return left.revenue() < right.revenue();
    default:
        return left.product < right.product;
    }
}

std::vector<sale> sorted_sales(sales_column by, bool descending) {
    auto out = sales();
    std::ranges::sort(out, [&](const sale& left, const sale& right) {
        return descending ? is_before(right, left, by) : is_before(left, right, by);
    });
    return out;
}

int total(int (*of)(const sale&)) {
    return std::transform_reduce(sales().begin(), sales().end(), 0, std::plus<>(), of);
}

/// The heading of the sorted column shows the order: in `aria-sort` for screen readers, and with an
/// arrow for the eye.
markup heading(const table_report& report, sales_column column, std::string_view text) {
    const bool is_sorted = report.by == column;
    const auto* order = report.descending ? "descending" : "ascending";
    const auto* arrow = report.descending ? "▼" : "▲";
    return th(
        scope("col"),
        when(column != sales_column::product, class_("number")),
        when(is_sorted, attr("aria-sort", order)),
        button(
            class_("secondary"),
            on<"click", &table_report::sort>(column),
            text,
            when(is_sorted, span(attr("aria-hidden", "true"), arrow))
        )
    );
}

template <class... Parts>
markup number_cell(const Parts&... parts) {
    return td(class_("number"), parts...);
}

markup row(const sale& s) {
    return tr(
        th(scope("row"), s.product),
        number_cell(s.sold),
        number_cell("€", s.price),
        number_cell("€", s.revenue())
    );
}

}  // namespace

void table_report::sort(sales_column column) {
    descending = column == by && !descending;
    by = column;
}

markup table_report::render() const {
    return section(
        class_("card"),
        h1("Sales this month"),
        table(
            caption(class_("visually-hidden"), "Sales by product; the headings sort"),
            thead(
                tr(heading(*this, sales_column::product, "Product"),
                   heading(*this, sales_column::sold, "Sold"),
                   heading(*this, sales_column::price, "Price"),
                   heading(*this, sales_column::revenue, "Revenue"))
            ),
            tbody(each(sorted_sales(by, descending), row)),
            tfoot(
                tr(th(scope("row"), "Total"),
                   number_cell(total([](const sale& s) { return s.sold; })),
                   td(),
                   number_cell("€", total([](const sale& s) { return s.revenue(); })))
            )
        )
    );
}

}  // namespace gallery
