#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// One note, with links to the notes that it mentions, and a remark of the user.
struct column {
    static constexpr std::string_view component = "gallery/column";

    int note = 0;
    stube::field<std::string> remark;

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(column, (), (note, remark))

/// Open notes side by side. Opening a note inserts a column, closing it removes the column, and
/// moving it moves the column. The other columns are neither rendered nor changed on the page.
struct columns {
    static constexpr std::string_view component = "gallery/columns";
    static constexpr std::string_view styles = R"(
        & > .row { display: flex; gap: 1rem; overflow-x: auto; padding: .25rem .25rem 1rem; }
        & > .row > article { flex: 0 0 17rem; margin: 0; padding: 1.25rem; }
        & article > header { display: flex; gap: .375rem; justify-content: end;
            margin-bottom: .75rem; }
        & article > header > button { min-height: 2.25rem; padding: 0 .75rem; }
        & article textarea { min-height: 4.5rem; }
        & article > .actions { margin: 1rem 0; gap: .5rem; }
    )";

    stube::keyed<column> open;

    void start() { open.push_back(0, {}); }

    /// Opens `note` to the right of the column of note `from`. Does nothing if `note` is open.
    void show(int note, int from);
    void close(int note);
    void move(int note, int by);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(columns, (), (open, start, show, close, move))

}  // namespace gallery
