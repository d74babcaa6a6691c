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

/// A list that can be filtered and sorted. The view is part of the address, so it can be shared and
/// bookmarked. The marks of read books belong to one reader and are part of the state only.
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

    /// Makes the component from the address. Mount it with:
    ///     site.mount<reading_list>("/reading-list", reading_list::from);
    static reading_list from(const stube::request_info& request);
    static std::vector<book> classics();

    void show(books_shown which) { shown = which; }

    void sort(books_order by) { order = by; }

    /// Sets the mark instead of toggling it, so that a double click does no harm.
    void mark(const std::string& title, bool is_read);

    /// The address of this view. A change replaces the present entry of the browser's history.
    std::string url() const;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(reading_list, (), (books, shown, order, show, sort, mark))

}  // namespace gallery
