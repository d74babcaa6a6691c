#include "reading_list.hpp"

#include <algorithm>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

/// The choice that the address contains under `name`, or else the first one.
template <class Choice>
Choice choice_from(const request_info& request, std::string_view name) {
    return text_codec<Choice>::parse(request.query(name).value_or("")).value_or(Choice());
}

bool is_before(const book& left, const book& right, books_order by) {
    switch (by) {
    case books_order::author:
        return left.author < right.author;
    case books_order::year:
        return left.year < right.year;
    default:
        return left.title < right.title;
    }
}

std::vector<book> shown_books(const reading_list& list) {
    auto out = list.books;
    std::erase_if(out, [&](const book& each) {
        return list.shown != books_shown::all && each.is_read != (list.shown == books_shown::read);
    });
    std::ranges::sort(out, [&](const book& left, const book& right) {
        return is_before(left, right, list.order);
    });
    return out;
}

/// A button for each enumerator. The button of the current one is pressed.
template <auto Member, class Choice>
markup choice_buttons(std::string_view heading, Choice current) {
    auto choice_button = [&](const ui::choice& offered) {
        const auto value = *text_codec<Choice>::parse(offered.value);
        return button(
            class_("secondary"),
            attr("aria-pressed", value == current ? "true" : "false"),
            on<"click", Member>(value),
            offered.label
        );
    };
    return div(
        role("group"),
        attr("aria-label", heading),
        class_("choice"),
        span(class_("muted"), heading),
        each(ui::choices_of<Choice>(), choice_button)
    );
}

markup book_row(const book& b) {
    return li(
        div(strong(b.title), p(class_("muted"), b.author, ", ", b.year)),
        button(
            class_("secondary"),
            on<"click", &reading_list::mark>(b.title, !b.is_read),
            b.is_read ? "Again" : "Done",
            span(class_("visually-hidden"), " with ", b.title)
        )
    );
}

}  // namespace

std::vector<book> reading_list::classics() {
    return {
        {"Middlemarch", "George Eliot", 1871},
        {"Dead Souls", "Nikolai Gogol", 1842},
        {"Don Quixote", "Miguel de Cervantes", 1605, true},
        {"Effi Briest", "Theodor Fontane", 1895},
        {"Jane Eyre", "Charlotte Brontë", 1847, true},
    };
}

reading_list reading_list::from(const request_info& request) {
    reading_list out;
    out.shown = choice_from<books_shown>(request, "show");
    out.order = choice_from<books_order>(request, "sort");
    return out;
}

void reading_list::mark(const std::string& title, bool is_read) {
    auto found = std::ranges::find(books, title, &book::title);
    if (found != books.end()) found->is_read = is_read;
}

std::string reading_list::url() const {
    return "/reading-list?show=" + text_codec<books_shown>::print(shown) +
           "&sort=" + text_codec<books_order>::print(order);
}

markup reading_list::render() const {
    const auto on_page = shown_books(*this);
    return section(
        class_("card"),
        h1("Reading list"),
        choice_buttons<&reading_list::show>("Show", shown),
        choice_buttons<&reading_list::sort>("Sort by", order),
        p(class_("muted"), role("status"), on_page.size(), " of ", books.size(), " books"),
        ul(class_("choices"), each(on_page, book_row))
    );
}

}  // namespace gallery
