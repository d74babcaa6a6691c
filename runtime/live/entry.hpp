#pragma once

#include "runtime/live/clocks.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What the live map knows of each conversation, and two lists across all of them.
namespace stube::live {

/// Who wants something done. What no user wants keeps no conversation from being idle. `upkeep` is
/// the map itself, which deletes conversations.
enum class origin { user, clock, message, work, upkeep };

/// Something to do with one conversation, when its turn comes.
struct operation {
    origin from = origin::user;
    std::function<kernel::outcome(const conversation&)> change;  ///< null: look at it only
    bool wakes = true;                                           ///< false: what is asleep stays so
    bool wants_view = false;                                     ///< answer with the whole view
    std::shared_ptr<view_stream> stream;                         ///< to attach
    std::optional<std::uint64_t> seen;
    bool keeps_notices = false;  ///< for the next look: the page is loaded anew after this
    bool is_ahead = false;       ///< `seen` is later than what is stored
    executor* on = nullptr;
    on_reply done;
};

/// Operations that wait for their turn.
class line {
public:
    bool empty() const { return list_.empty(); }

    std::size_t count(origin from) const { return counts_[static_cast<std::size_t>(from)]; }

    void put_last(operation op) {
        ++counts_[static_cast<std::size_t>(op.from)];
        list_.push_back(std::move(op));
    }

    void put_first(operation op) {
        ++counts_[static_cast<std::size_t>(op.from)];
        list_.push_front(std::move(op));
    }

    operation take_first() {
        auto first = std::move(list_.front());
        list_.pop_front();
        --counts_[static_cast<std::size_t>(first.from)];
        return first;
    }

private:
    std::list<operation> list_;
    std::array<std::uint32_t, 5> counts_{};
};

enum class condition {
    live,
    lost,           ///< only a mark is stored
    unusable,       ///< stored, and cannot be read
    other_release,  ///< stored in a newer shape, or with a component that is not known here
    over,           ///< ended or reaped; the entry is on its way out
};

/// How much its user would miss a conversation, the least first: in this order they make room.
enum class worth : std::uint8_t {
    unused,     ///< no page of it was ever open, and it had no event
    looked_at,  ///< a page was open, and no event has come from it
    worked_on,  ///< it had an event
    kept,       ///< it is marked as worth keeping; never makes room
    open,       ///< a page is open; never makes room
};

struct entry;
using entry_ptr = std::shared_ptr<entry>;

/// A conversation's place in the map. `id`, `owner` and `mount` stay as they are made. What
/// stands under "busy" belongs to the operation that made it busy; that alone writes `value` and
/// `stored`, under the shard's mutex. The shard's mutex guards the rest, but for what is atomic.
struct entry {
    std::string id;
    std::string owner;
    std::string mount;  ///< for `lost`
    std::atomic<condition> state = condition::live;
    std::atomic<steady_time> last_seen = steady_time();  ///< newest event, or open page
    std::atomic<bool> was_open = false;                  ///< a page was, since the start
    std::atomic<bool> had_event = false;
    std::atomic<bool> is_kept = false;
    std::atomic<bool> is_open = false;          ///< a page is
    std::shared_ptr<const conversation> value;  ///< null until it is first used
    std::unique_ptr<const record> stored;       ///< what it is made of then

    // busy
    bool asleep = false;  ///< loaded and not used yet: the wakeup hooks are due
    bool marked = false;  ///< what is stored is a mark
    bool warned = false;
    bool is_rolled_back = false;      ///< and that was logged
    bool has_blind_page = false;      ///< an open page does not show the revision before this one
    std::uint8_t setbacks = 0;        ///< since something that no user wants was done last
    steady_time not_before;           ///< after a setback: what no user wants waits so long
    std::optional<time_point> due;    ///< as the timer queue knows it
    std::vector<std::string> topics;  ///< as the topic index knows them
    std::vector<operation> again;     ///< could not be saved, and must not be lost
    /// Of a submission without scripts, for the page that is loaded after it; null for none.
    std::unique_ptr<const std::vector<kernel::patch>> notices;
    std::vector<kernel::any_command> held;  ///< until somebody has seen it
    std::vector<std::uint64_t> lost_work;   ///< it is to be told then that this was interrupted
    std::optional<std::uint64_t> missing;   ///< nobody has seen it: messages after this one wait

    // the shard's mutex
    std::vector<std::shared_ptr<view_stream>> streams;
    bool busy = false;
    bool is_flooded = false;  ///< messages were lost, and that was logged
    line waiting;

    // the list of unused ones
    std::optional<std::list<entry_ptr>::iterator> unused_place;

    /// Being minted: nobody knows it yet.
    bool is_new() const { return value && value->revision == 0; }

    bool is_used() const { return was_open || had_event; }

    /// A mark of a start() that nobody has followed up is worth nothing.
    worth worth() const {
        if (is_open) return worth::open;
        if (!is_used()) return worth::unused;
        if (is_kept) return worth::kept;
        return had_event ? worth::worked_on : worth::looked_at;
    }
};

/// What is left of a conversation that ended.
struct ended_conversation {
    std::string owner;
    std::string mount;  ///< empty if it was never read
    std::uint64_t revision = 0;
    std::vector<kernel::event_id> applied;  ///< see conversation::applied
    std::shared_ptr<const update> last;     ///< what its pages were told; null after a while
};

/// Conversations that ended lately. A page that has not heard of the end is told of it, and the
/// second half of a double click is no error.
class recently_ended {
public:
    void add(const std::string& id, ended_conversation one) {
        constexpr std::size_t most = 10'000;
        constexpr std::size_t most_with_view = 1'000;
        std::lock_guard lock(mutex_);
        if (!known_.emplace(id, std::move(one)).second) return;
        order_.push_back(id);
        if (order_.size() > most_with_view) {
            known_.at(order_[order_.size() - 1 - most_with_view]).last = nullptr;
        }
        if (order_.size() > most) {
            known_.erase(order_.front());
            order_.pop_front();
        }
    }

    std::optional<ended_conversation> find(std::string_view id) const {
        std::lock_guard lock(mutex_);
        const auto found = known_.find(std::string(id));
        if (found == known_.end()) return std::nullopt;
        return found->second;
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, ended_conversation> known_;
    std::deque<std::string> order_;
};

/// Texts that were reported before. Threads: any.
class reported_once {
public:
    /// True for the first time, and for no more than 100 texts.
    bool add(const std::string& text) {
        constexpr std::size_t most = 100;
        std::lock_guard lock(mutex_);
        return known_.size() < most && known_.insert(text).second;
    }

private:
    std::mutex mutex_;
    std::set<std::string> known_;
};

/// Which live conversations each browser session has.
class ownership {
public:
    /// True if the owner has so many, and none of them may make room.
    bool is_full(const std::string& owner, std::size_t limit) const {
        std::lock_guard lock(mutex_);
        const auto found = entries_.find(owner);
        if (found == entries_.end() || found->second.size() < limit) return false;
        return std::ranges::none_of(found->second, [](const auto& each) {
            return may_make_room(*each);
        });
    }

    /// Adds one. Returns those of the owner that make room for it, the one that is worth least and
    /// was seen longest ago first; they count no more.
    std::vector<entry_ptr> add(const entry_ptr& e, std::size_t limit) {
        std::lock_guard lock(mutex_);
        auto& mine = entries_[e->owner];
        std::vector<entry_ptr> too_many;
        while (!mine.empty() && mine.size() >= limit) {
            auto least = std::ranges::min_element(mine, {}, [](const entry_ptr& each) {
                return std::pair(each->worth(), each->last_seen.load());
            });
            if (!may_make_room(**least)) break;
            too_many.push_back(std::move(*least));
            mine.erase(least);
        }
        mine.push_back(e);
        return too_many;
    }

    /// Counts one again that could not be given up, unless it has gone meanwhile.
    void put_back(const entry_ptr& e) {
        std::lock_guard lock(mutex_);
        if (e->state == condition::live) entries_[e->owner].push_back(e);
    }

    /// After its state is `over`.
    void remove(const entry_ptr& e) {
        std::lock_guard lock(mutex_);
        auto found = entries_.find(e->owner);
        if (found == entries_.end()) return;
        std::erase(found->second, e);
        if (found->second.empty()) entries_.erase(found);
    }

private:
    static bool may_make_room(const entry& e) { return e.worth() < worth::kept; }

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::vector<entry_ptr>> entries_;
};

/// Conversations that were begun and never used, the oldest first: when there are too many of all
/// owners together, these make room.
class unused_ones {
public:
    void add(const entry_ptr& e) {
        std::lock_guard lock(mutex_);
        if (!e->unused_place) e->unused_place = list_.insert(list_.end(), e);
    }

    void remove(entry& e) {
        std::lock_guard lock(mutex_);
        if (!e.unused_place) return;
        list_.erase(*e.unused_place);
        e.unused_place.reset();
    }

    /// Null if there is none.
    entry_ptr take_oldest() {
        std::lock_guard lock(mutex_);
        if (list_.empty()) return nullptr;
        auto oldest = std::move(list_.front());
        list_.pop_front();
        oldest->unused_place.reset();
        return oldest;
    }

private:
    std::mutex mutex_;
    std::list<entry_ptr> list_;
};

}  // namespace stube::live
