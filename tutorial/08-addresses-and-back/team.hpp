#pragma once

#include <boost/describe.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// The team's data. Nothing in this file depends on pages.
namespace standup {

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

struct person {
    std::string name;
    std::string role;
};
BOOST_DESCRIBE_STRUCT(person, (), (name, role))

/// The contents of the file.
struct records {
    std::vector<person> people{{"Ada", "developer"}, {"Edsger", "tester"}, {"Grace", "designer"}};
    std::vector<item> items;
    int last_number = 0;
};
BOOST_DESCRIBE_STRUCT(records, (), (people, items, last_number))

/// The people of the team and their items, kept in a file. Thread-safe.
class team {
public:
    explicit team(std::string file);

    std::vector<person> people() const;

    /// Does nothing if there is somebody with this name.
    void join(const person& who);

    std::vector<item> items() const;
    std::optional<item> find(int number) const;

    /// Returns a number that no item has had.
    int next_number();

    /// Adds the item. Does nothing if there is an item with its number.
    void add(const item& fresh);

    /// Does nothing if there is no item with this number.
    void change(int number, const std::function<void(item&)>& how);
    void remove(int number);

private:
    void write() const;

    std::string file_;
    mutable std::mutex mutex_;
    records known_;
};

}  // namespace standup
