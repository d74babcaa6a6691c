#pragma once

#include <stube/stube.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// Asks for the reason why an item is blocked. The answer is empty if the user cancels.
struct ask_blocker {
    static constexpr std::string_view component = "standup/ask_blocker";
    using answer_type = std::optional<std::string>;

    std::string text;
    field<std::string> reason;

    answers<answer_type> save();
    answers<answer_type> cancel();
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(ask_blocker, (), (text, reason, save, cancel))

struct board {
    static constexpr std::string_view component = "standup/board";

    std::vector<item> items;
    field<std::string> draft;
    int last_number = 0;
    int asked_about = 0;  ///< number of the item that the open question is about

    void add();
    void finish(int number);
    effects block(int number);
    void blocked(const std::optional<std::string>& reason);
    effects remove(int number);
    void removed(bool yes);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    board,
    (),
    (items, draft, last_number, asked_about, add, finish, block, blocked, remove, removed)
)

}  // namespace standup
