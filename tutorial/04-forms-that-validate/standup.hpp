#pragma once

#include <stube/stube.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace standup {

using namespace stube;

enum class item_state { open, done, blocked };
BOOST_DESCRIBE_ENUM(item_state, open, done, blocked)

enum class item_size { an_hour, a_day, longer };
BOOST_DESCRIBE_ENUM(item_size, an_hour, a_day, longer)

/// The part of an item that its form edits.
struct plan {
    std::string text;
    std::string owner;
    item_size size = item_size::a_day;
    std::optional<std::chrono::year_month_day> due = {};
};
BOOST_DESCRIBE_STRUCT(plan, (), (text, owner, size, due))

struct item {
    int number = 0;
    plan what;
    item_state state = item_state::open;
    std::string blocker = {};
};
BOOST_DESCRIBE_STRUCT(item, (), (number, what, state, blocker))

/// The people who can own an item.
const std::vector<std::string>& people();

/// A form for a plan. The answer is empty if the user cancels.
struct plan_form {
    static constexpr std::string_view component = "standup/plan_form";
    using answer_type = std::optional<plan>;

    bool in_list = false;
    field<std::string> text;
    field<std::string> owner;
    field<item_size> size = item_size::a_day;
    field<std::optional<std::chrono::year_month_day>> due;

    answers<answer_type> save(context& around);
    answers<answer_type> cancel();
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(plan_form, (), (in_list, text, owner, size, due, save, cancel))

/// One item on the board.
struct row {
    static constexpr std::string_view component = "standup/row";

    item shown;

    void finish();
    effects edit();
    void edited(const std::optional<plan>& to);
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
    int last_number = 0;

    effects add();
    void added(const std::optional<plan>& what);
    void take_out(int number);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(board, (), (rows, last_number, add, added, take_out))

}  // namespace standup
