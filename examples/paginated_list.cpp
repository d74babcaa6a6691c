#include "paginated_list.hpp"

#include <algorithm>
#include <ranges>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

constexpr int items = 100;
constexpr int items_per_page = 10;
constexpr int pages = items / items_per_page;

markup item_row(int number) {
    return tr(td("Invoice ", number), td("€", 40 + number * 37 % 200));
}

markup page_button(int number, int current) {
    return button(
        class_("secondary"),
        when(number == current, attr("aria-current", "page")),
        on<"click", &paginated_list::go>(number),
        number
    );
}

}  // namespace

void paginated_list::go(int to) {
    page = std::clamp(to, 1, pages);
}

markup paginated_list::render() const {
    const int first = (page - 1) * items_per_page + 1;
    return section(
        class_("card"),
        h1("Invoices"),
        p(class_("muted"), role("status"), "Page ", page, " of ", pages),
        table(
            thead(tr(th(scope("col"), "Number"), th(scope("col"), "Amount"))),
            tbody(each(std::views::iota(first, first + items_per_page), item_row))
        ),
        nav(attr("aria-label", "Pages"),
            class_("actions"),
            button(
                class_("secondary"),
                disabled(page == 1),
                on<"click", &paginated_list::go>(page - 1),
                "Previous"
            ),
            each(
                std::views::iota(1, pages + 1),
                [&](int number) { return page_button(number, page); }
            ),
            button(
                class_("secondary"),
                disabled(page == pages),
                on<"click", &paginated_list::go>(page + 1),
                "Next"
            ))
    );
}

}  // namespace gallery
