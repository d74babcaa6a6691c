#pragma once

#include <stube/stube.hpp>

#include <string>
#include <vector>

namespace gallery {

struct book {
    std::string title;
    std::string author;
    int year = 0;
    bool is_read = false;
};
BOOST_DESCRIBE_STRUCT(book, (), (title, author, year, is_read))

enum class books_shown { all, to_read, read };
BOOST_DESCRIBE_ENUM(books_shown, all, to_read, read)

enum class books_order { title, author, year };
BOOST_DESCRIBE_ENUM(books_order, title, author, year)

/// A list to look at in several ways. How it is looked at is in the address, to be shared or kept
/// as a bookmark; what has been read is the reader's own, and in the state alone.
struct reading_list {
    static constexpr std::string_view component = "gallery/reading_list";

    static constexpr std::string_view styles = R"(
        & .choice { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem;
            margin-bottom: .75rem; }
        & .choice > .muted { min-width: 4.5rem; }
        & .choice > button { min-height: 2.25rem; padding: .25rem .875rem; }
    )";

    std::vector<book> books = classics();
    books_shown shown = books_shown::all;
    books_order order = books_order::title;

    /// Made from the address. Mounted so:
    ///     site.mount<reading_list>("/reading-list", reading_list::from);
    static reading_list from(const stube::request_info& request);
    static std::vector<book> classics();

    void show(books_shown which) { shown = which; }

    void sort(books_order by) { order = by; }

    /// Says what it is to be, not that it is to change: a double click does no harm.
    void mark(const std::string& title, bool is_read);

    /// Another view takes the place of the present one in the browser's history.
    std::string url() const;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(reading_list, (), (books, shown, order, show, sort, mark))

}  // namespace gallery
