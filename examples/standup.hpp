#pragma once

#include "standup_team.hpp"

#include <stube/stube.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The application that the tutorial builds, page by page: a team's board, updated live for
/// everyone who is signed in.
namespace standup {

struct ask_name {
    static constexpr std::string_view component = "standup/ask_name";
    using answer_type = std::string;

    stube::field<std::string> name;

    stube::answers<std::string> next();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(ask_name, (), (name, next))

/// A task that asks for the name and the role of a new member of the team.
struct onboarding {
    static constexpr std::string_view component = "standup/onboarding";
    using answer_type = person;

    person who;

    stube::effects start();
    stube::effects named(const std::string& name);
    stube::effects chosen(const std::optional<std::string>& role);
    stube::answers<person> confirmed(bool yes);
};
BOOST_DESCRIBE_STRUCT(onboarding, (), (who, start, named, chosen, confirmed))

/// A form for a plan. Answers std::nullopt if the user cancels.
struct plan_form {
    static constexpr std::string_view component = "standup/plan_form";
    using answer_type = std::optional<plan>;

    bool in_list = false;
    stube::field<std::string> text;
    stube::field<std::string> owner;
    stube::field<item_size> size = item_size::a_day;
    stube::field<std::optional<std::chrono::year_month_day>> due;

    stube::answers<answer_type> save(stube::context& around);
    stube::answers<answer_type> cancel();
    stube::markup render(const stube::context& around) const;
};
BOOST_DESCRIBE_STRUCT(plan_form, (), (in_list, text, owner, size, due, save, cancel))

/// One item on the board: a copy of the team's item, refreshed when the item changes.
struct row {
    static constexpr std::string_view component = "standup/row";

    int number = 0;
    item shown = {};
    plan before = {};  ///< the plan when the editor was opened

    stube::effects start(stube::context& around);
    void wakeup(stube::context& around);
    void refresh(stube::context& around);

    stube::effects finish(stube::context& around);
    stube::effects take(stube::context& around);
    stube::effects edit();
    stube::effects edited(stube::context& around, const std::optional<plan>& to);
    stube::effects block();
    stube::effects blocked(stube::context& around, const std::optional<std::string>& reason);
    stube::effects remove();
    stube::effects removed(stube::context& around, bool yes);
    stube::markup render(const stube::context& around) const;
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
     take,
     edit,
     edited,
     block,
     blocked,
     remove,
     removed)
)

/// Selects the items that the board shows.
enum class filter { all, mine, blocked };
BOOST_DESCRIBE_ENUM(filter, all, mine, blocked)

struct board {
    static constexpr std::string_view component = "standup/board";
    static constexpr std::string_view styles = R"(
        & .actions { margin-block: .75rem; }
        & h2 { margin-top: 2rem; }
        & .choices button { min-height: 2.25rem; padding: .25rem .875rem; }
    )";

    filter shown = filter::all;
    std::vector<person> people;
    stube::keyed<row> rows;
    int next = 0;  ///< the number for the item that the user is adding

    /// Makes the board from the address.
    static board from(const stube::request_info& request);
    stube::page_url url() const;

    stube::effects start(stube::context& around);
    stube::effects wakeup(stube::context& around);
    void refresh(stube::context& around);

    void show(stube::context& around, filter which);
    stube::effects add(stube::context& around);
    stube::effects added(stube::context& around, const std::optional<plan>& what);
    stube::effects welcome();
    stube::effects joined(stube::context& around, const person& who);
    stube::markup render(const stube::context& around) const;
};
BOOST_DESCRIBE_STRUCT(
    board,
    (),
    (shown, people, rows, next, start, wakeup, refresh, show, add, added, welcome, joined)
)

}  // namespace standup
