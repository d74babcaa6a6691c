#pragma once

#include <stube/stube.hpp>

#include <string>
#include <vector>

struct item {
    int id = 0;
    std::string text;
    bool done = false;
};
BOOST_DESCRIBE_STRUCT(item, (), (id, text, done))

struct board {
    static constexpr std::string_view component = "standup/board";

    std::vector<item> items;
    int last_id = 0;
    stube::field<std::string> draft;

    void add();
    void toggle(int id);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(board, (), (items, last_id, draft, add, toggle))
