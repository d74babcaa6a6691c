#pragma once

#include <stube/stube.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The data of the team. It does not depend on the pages that show it.
namespace standup {

enum class item_state { open, done, blocked };
BOOST_DESCRIBE_ENUM(item_state, open, done, blocked)

enum class item_size { an_hour, a_day, longer };
BOOST_DESCRIBE_ENUM(item_size, an_hour, a_day, longer)

/// A piece of work that its owner plans to do.
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

/// The people and their items. In the tutorial a file keeps them. Here they are kept in memory
/// only, and after a restart the pages restore them from their own states. Threads: any.
class team {
public:
    static constexpr std::size_t max_items = 50;

    std::vector<person> people() const {
        std::lock_guard lock(mutex_);
        return people_;
    }

    /// Does nothing if the name is taken or the team is full.
    void join(const person& who) {
        std::lock_guard lock(mutex_);
        const bool is_known = std::ranges::find(people_, who.name, &person::name) != people_.end();
        if (!is_known && people_.size() < max_items) people_.push_back(who);
    }

    std::vector<item> items() const {
        std::lock_guard lock(mutex_);
        return items_;
    }

    std::optional<item> find(int number) const {
        std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(items_, number, &item::number);
        return found == items_.end() ? std::nullopt : std::optional(*found);
    }

    /// Returns a number that no item has had, in this process or an earlier one.
    int next_number() {
        std::lock_guard lock(mutex_);
        return ++last_number_;
    }

    /// Adds the item unless one with its number exists or was removed. Removes the oldest item if
    /// there are too many.
    void add(const item& added) {
        std::lock_guard lock(mutex_);
        if (removed_.contains(added.number)) return;
        if (std::ranges::find(items_, added.number, &item::number) != items_.end()) return;
        items_.push_back(added);
        std::ranges::sort(items_, {}, &item::number);
        if (items_.size() > max_items) items_.erase(items_.begin());
    }

    /// Calls `edit` on the item, if there is one with this number.
    void change(int number, const std::function<void(item&)>& edit) {
        std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(items_, number, &item::number);
        if (found != items_.end()) edit(*found);
    }

    void remove(int number) {
        std::lock_guard lock(mutex_);
        const auto erased =
            std::erase_if(items_, [&](const item& each) { return each.number == number; });
        if (erased) removed_.insert(number);
        if (removed_.size() > max_items) removed_.erase(removed_.begin());
    }

private:
    static int seconds_since_2026() {
        using namespace std::chrono;
        const auto passed = system_clock::now() - sys_days(year(2026) / January / 1);
        return static_cast<int>(duration_cast<seconds>(passed).count());
    }

    mutable std::mutex mutex_;
    std::vector<person> people_{{"ada", "developer"}, {"grace", "designer"}};
    std::vector<item> items_;
    std::set<int> removed_;  // numbers, so that a page cannot restore a removed item
    int last_number_ = seconds_since_2026();
};

}  // namespace standup
