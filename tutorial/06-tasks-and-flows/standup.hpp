#pragma once

#include "team.hpp"

#include <stube/stube.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace standup {

using namespace stube;

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
    markup render(const context& around) const;
};
BOOST_DESCRIBE_STRUCT(plan_form, (), (in_list, text, owner, size, due, save, cancel))

/// One item on the board. `shown` is a copy of the team's item, made by refresh().
struct row {
    static constexpr std::string_view component = "standup/row";

    int number = 0;
    item shown = {};
    plan before = {};  ///< values with which the editor was opened

    effects start(context& around);
    void wakeup(context& around);
    void refresh(context& around);

    effects finish(context& around);
    effects edit();
    effects edited(context& around, const std::optional<plan>& to);
    effects block();
    effects blocked(context& around, const std::optional<std::string>& reason);
    effects remove();
    effects removed(context& around, bool yes);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    row,
    (),
    (number,
     shown,
     before,
     start,
     wakeup,
     refresh,
     finish,
     edit,
     edited,
     block,
     blocked,
     remove,
     removed)
)

struct board {
    static constexpr std::string_view component = "standup/board";
    static constexpr std::string_view styles = R"(
        & .actions { margin-top: .75rem; }
        & h2 { margin-top: 2rem; }
        & .choices button { min-height: 2.25rem; padding: .25rem .875rem; }
    )";

    std::vector<person> people;
    keyed<row> rows;
    int next = 0;  ///< number for the item in the open form

    effects start(context& around);
    void wakeup(context& around);
    void refresh(context& around);

    effects add(context& around);
    effects added(context& around, const std::optional<plan>& what);
    effects welcome();
    effects welcome_by_flow();
    effects joined(context& around, const person& who);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    board,
    (),
    (people, rows, next, start, wakeup, refresh, add, added, welcome, welcome_by_flow, joined)
)

}  // namespace standup
