#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// A column by which the report can be sorted.
enum class sales_column { product, sold, price, revenue };
BOOST_DESCRIBE_ENUM(sales_column, product, sold, price, revenue)

/// A table. A click on a heading sorts it by that column; a second click reverses the order.
struct table_report {
    static constexpr std::string_view component = "gallery/table_report";
    static constexpr std::string_view styles = R"(
        & th > button { min-height: 2rem; padding: 0 .375rem; margin-inline-start: -.375rem;
            border: 0; }
        & .number { padding-inline-end: .375rem; text-align: end; }
        & .number > button { margin-inline: 0 -.375rem; }
        & button > span { margin-inline-start: .25rem; }
        & tfoot { font-weight: 600; }
    )";

    sales_column by = sales_column::product;
    bool descending = false;

    void sort(sales_column column);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(table_report, (), (by, descending, sort))

}  // namespace gallery
