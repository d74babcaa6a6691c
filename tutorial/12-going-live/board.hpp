#pragma once

#include <stube/stube.hpp>

#include <boost/json/value.hpp>

#include <string>
#include <vector>

enum class item_state { open, done, blocked };
BOOST_DESCRIBE_ENUM(item_state, open, done, blocked)

struct item {
    int id = 0;
    std::string text;
    item_state state = item_state::open;
};
BOOST_DESCRIBE_STRUCT(item, (), (id, text, state))

struct board {
    static constexpr std::string_view component = "standup/board";
    static constexpr int version = 2;

    static void migrate(int, boost::json::object& state) {
        for (auto& each : state["items"].as_array()) {
            auto& one = each.as_object();
            one["state"] = one["done"].as_bool() ? "done" : "open";
        }
    }

    std::vector<item> items;
    int last_id = 0;
    stube::field<std::string> draft;

    void add();
    void set(int id, item_state to);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(board, (), (items, last_id, draft, add, set))
