#include "examples/paginated_list.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;
using gallery::paginated_list;

TEST_CASE("a list of pages begins with the first ten items") {
    test_conversation t{paginated_list{}};

    CHECK(t.text().contains("Page 1 of 10"));
    CHECK(t.text().contains("Invoice 1 €"));
    CHECK(t.text().contains("Invoice 10 €"));
    CHECK(!t.text().contains("Invoice 11 €"));
}

TEST_CASE("Next and Previous turn the page and a number opens it") {
    test_conversation t{paginated_list{}};

    t.click("Next");
    CHECK(t.text().contains("Invoice 11 €"));
    CHECK(t.text().contains("Page 2 of 10"));
    t.click("10");
    CHECK(t.text().contains("Invoice 91 €"));
    CHECK(t.text().contains("Invoice 100 €"));
    t.click("Previous");
    CHECK(t.text().contains("Page 9 of 10"));
}

TEST_CASE("the page number stays within the ends of the list") {
    test_conversation t{paginated_list{}};

    t.send<&paginated_list::go>(0);
    CHECK(t.text().contains("Page 1 of 10"));
    t.send<&paginated_list::go>(11);
    CHECK(t.text().contains("Page 10 of 10"));
    CHECK_THROWS(t.click("Next"));
    t.restart();
    CHECK(t.text().contains("Page 10 of 10"));
}
