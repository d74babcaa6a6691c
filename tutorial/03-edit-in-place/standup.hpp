#pragma once

#include <stube/stube.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace standup {

using namespace stube;

enum class item_state { open, done, blocked };
BOOST_DESCRIBE_ENUM(item_state, open, done, blocked)

struct item {
    int number = 0;
    std::string text;
    item_state state = item_state::open;
    std::string blocker = {};
};
BOOST_DESCRIBE_STRUCT(item, (), (number, text, state, blocker))

/// An editor for one line of text. The answer is empty if the user cancels.
struct edit_text {
    static constexpr std::string_view component = "standup/edit_text";
    using answer_type = std::optional<std::string>;

    std::string label;
    field<std::string> text;

    answers<answer_type> save();
    answers<answer_type> cancel();
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(edit_text, (), (label, text, save, cancel))

/// One item on the board.
struct row {
    static constexpr std::string_view component = "standup/row";

    item shown;

    void finish();
    effects edit();
    void edited(const std::optional<std::string>& text);
    effects block();
    void blocked(const std::optional<std::string>& reason);
    effects remove();
    effects removed(bool yes);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(row, (), (shown, finish, edit, edited, block, blocked, remove, removed))

struct board {
    static constexpr std::string_view component = "standup/board";
    static constexpr std::string_view styles = R"(
        & .actions { margin-top: .75rem; }
        & .choices button { min-height: 2.25rem; padding: .25rem .875rem; }
    )";

    keyed<row> rows;
    field<std::string> draft;
    int last_number = 0;

    void add();
    void take_out(int number);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(board, (), (rows, draft, last_number, add, take_out))

}  // namespace standup
