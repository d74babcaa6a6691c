#pragma once

#include <stube/stube.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gallery {

/// An editor for a line of text. Answers the new text, or std::nullopt if the user cancels.
struct edit_text {
    static constexpr std::string_view component = "gallery/edit_text";
    using answer_type = std::optional<std::string>;

    stube::field<std::string> text;

    stube::answers<answer_type> save();
    stube::answers<answer_type> cancel();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(edit_text, (), (text, save, cancel))

/// One item. To edit its text it calls an editor, which takes its place in the list until the
/// editor answers.
struct todo_row {
    static constexpr std::string_view component = "gallery/todo_row";

    int number = 0;
    std::string text;
    bool done = false;

    stube::effects tick(bool is_done);
    stube::effects edit();
    void edited(const std::optional<std::string>& to);
    stube::effects remove();
    stube::effects removed(bool yes);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(todo_row, (), (number, text, done, tick, edit, edited, remove, removed))

/// The list. The rows hold the items; they send the list only what it counts and deletes.
struct todo {
    static constexpr std::string_view component = "gallery/todo";
    static constexpr std::string_view styles = R"(
        & > form { display: flex; gap: .75rem; align-items: end; }
        & > form > .field { flex: 1; margin: 0; }
        & > ul { padding: 0; list-style: none; }
        & > ul > li { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center;
            padding: .625rem 0; border-top: 1px solid var(--line); }
        & > ul > li > :first-child { flex: 1 1 12rem; margin: 0; overflow-wrap: anywhere; }
        & > ul > li button { min-height: 2.5rem; padding: .25rem .875rem; }
        & > ul > li > [role=checkbox] { justify-content: start; border-color: transparent;
            padding-inline: .25rem; font-weight: 400; text-align: start; }
        & > ul [role=checkbox]::before { content: "☐" / ""; margin-inline-end: .75rem; }
        & > ul [role=checkbox][aria-checked=true] { color: var(--soft);
            text-decoration: line-through; }
        & > ul [role=checkbox][aria-checked=true]::before { content: "☑" / ""; }
        & .edit { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
        & > ul > li .edit > button { min-height: 2.875rem; }
        & .edit > .field { flex: 1 1 12rem; margin: 0; }
    )";

    stube::keyed<todo_row> rows;
    std::vector<int> open;  ///< numbers of the rows that are not done
    stube::field<std::string> draft;
    int last_number = 0;

    void add();
    void mark(int number, bool done);
    void take_out(int number);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(todo, (), (rows, open, draft, last_number, add, mark, take_out))

}  // namespace gallery
