#pragma once

#include <stube/runtime/live.hpp>

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

/// Who wants something done. What no user wants keeps no conversation from being idle.
enum class origin { user, clock, message, work };

/// Something to do with one conversation, when its turn comes.
struct operation {
    origin from = origin::user;
    std::function<outcome(const conversation&)> change;  ///< null: look at it only
    bool wakes = true;                                   ///< false: what is asleep stays so
    bool wants_view = false;                             ///< answer with the whole view
    std::shared_ptr<view_stream> stream;                 ///< to attach
    std::optional<std::uint64_t> seen;
    bool keeps_notices = false;  ///< for the next look: the page is loaded anew after this
    bool is_ahead = false;       ///< `seen` is later than what is stored
    runner* on = nullptr;
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
    std::array<std::uint32_t, 4> counts_{};
};

enum class condition {
    live,
    lost,           ///< only a mark is stored
    unusable,       ///< stored, and cannot be read
    other_release,  ///< stored in a newer shape, or with a component that is not known here
    over,           ///< ended or reaped; the entry is on its way out
};

/// A conversation's place in the map. `id`, `owner` and `mount` stay as they are made. What
/// stands under "busy" belongs to the operation that made it busy; that alone writes `value` and
/// `streams` too, under the shard's mutex, which guards the rest.
struct entry {
    std::string id;
    std::string owner;
    std::string mount;  ///< for `lost`
    std::atomic<condition> state = condition::live;
    std::atomic<time_point> last_seen = time_point();  ///< newest event, or open page
    std::shared_ptr<const conversation> value;         ///< null until it is first used
    std::unique_ptr<const record> stored;              ///< what it is made of then
    bool is_used = false;  ///< a page was open, or what was stored had an event
    std::vector<std::shared_ptr<view_stream>> streams;

    // busy
    bool asleep = false;  ///< loaded and not used yet: the wakeup hooks are due
    bool marked = false;  ///< what is stored is a mark
    bool warned = false;
    bool is_rolled_back = false;      ///< and that was logged
    bool has_blind_page = false;      ///< a page is open whose view could not be rendered
    std::uint8_t setbacks = 0;        ///< since something that no user wants was done last
    time_point not_before;            ///< after a setback: what no user wants waits so long
    std::optional<time_point> due;    ///< as the timer queue knows it
    std::vector<std::string> topics;  ///< as the topic index knows them
    std::vector<operation> again;     ///< could not be saved, and must not be lost
    /// Of a submission without scripts, for the page that is loaded after it; null for none.
    std::unique_ptr<const std::vector<patch>> notices;

    // the shard's mutex
    bool busy = false;
    bool is_flooded = false;  ///< messages were lost, and that was logged
    line waiting;

    /// Being minted: nobody knows it yet.
    bool is_new() const { return value && value->revision == 0; }
};

using entry_ptr = std::shared_ptr<entry>;

/// What is left of a conversation that ended.
struct ended_conversation {
    std::string owner;
    std::string mount;  ///< empty if it was never read
    std::uint64_t revision = 0;
    std::shared_ptr<const update> last;  ///< what its pages were told; null after a while
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
    /// Adds one. Returns the owner's longest unused ones that are too many then; they count no
    /// more.
    std::vector<entry_ptr> add(const entry_ptr& e, std::size_t limit) {
        std::lock_guard lock(mutex_);
        auto& mine = entries_[e->owner];
        std::vector<entry_ptr> too_many;
        while (!mine.empty() && mine.size() >= limit) {
            auto oldest = std::ranges::min_element(mine, {}, [](const entry_ptr& each) {
                return each->last_seen.load();
            });
            too_many.push_back(std::move(*oldest));
            mine.erase(oldest);
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
    std::mutex mutex_;
    std::unordered_map<std::string, std::vector<entry_ptr>> entries_;
};

}  // namespace stube::live
