#include "examples/reading_list.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::books_order;
using gallery::books_shown;
using gallery::reading_list;

namespace {

bool is_above(const test_conversation& t, std::string_view first, std::string_view second) {
    const auto text = t.text();
    return text.str().find(first) < text.str().find(second);
}

}  // namespace

TEST_CASE("a reading list shows the chosen books and the address contains the choice") {
    test_conversation t{reading_list{}};
    CHECK(t.text().contains("5 of 5 books"));
    CHECK(is_above(t, "Dead Souls", "Don Quixote"));

    t.click("To read").click("Year");

    CHECK(t.text().contains("3 of 5 books"));
    CHECK(is_above(t, "Dead Souls", "Middlemarch"));
    CHECK(is_above(t, "Middlemarch", "Effi Briest"));
    CHECK(t.url() == "/reading-list?show=to_read&sort=year");
}

TEST_CASE("the mark of a read book is part of the state and not of the address") {
    test_conversation t{reading_list{.shown = books_shown::to_read, .order = books_order::author}};

    t.click("Done with Middlemarch");
    CHECK(t.text().contains("2 of 5 books"));
    CHECK(!t.text().contains("Middlemarch"));
    t.restart();
    CHECK(t.text().contains("2 of 5 books"));
}

TEST_CASE("an event with an invented book changes nothing") {
    test_conversation t{reading_list{}};

    t.send<&reading_list::mark>("Ulysses", true);

    CHECK(t.text().contains("5 of 5 books"));
}
