#pragma once

#include <boost/describe.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// What the team knows. Nothing here knows of pages.
namespace standup {

enum class item_state { open, done, blocked };
BOOST_DESCRIBE_ENUM(item_state, open, done, blocked)

enum class item_size { an_hour, a_day, longer };
BOOST_DESCRIBE_ENUM(item_size, an_hour, a_day, longer)

/// What somebody wants to do.
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

/// What is written to the file.
struct records {
    std::vector<person> people{{"Ada", "developer"}, {"Edsger", "tester"}, {"Grace", "designer"}};
    std::vector<item> items;
    int last_number = 0;
};
BOOST_DESCRIBE_STRUCT(records, (), (people, items, last_number))

/// The people and what they have to do, kept in a file. Threads: any.
class team {
public:
    explicit team(std::string file);

    std::vector<person> people() const;

    /// Does nothing if somebody of this name is there.
    void join(const person& who);

    std::vector<item> items() const;
    std::optional<item> find(int number) const;

    /// A number that no item has had.
    int next_number();

    /// Adds the item unless there is one with its number.
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
