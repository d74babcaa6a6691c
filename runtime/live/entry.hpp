#pragma once

#include "runtime/live/clocks.hpp"
#include "runtime/live/mailbox.hpp"
#include "runtime/live/page_streams.hpp"
#include "runtime/live/unused_list.hpp"

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/outbox.hpp>
#include <stube/store/store.hpp>

#include <boost/describe/enum.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stube::live {

enum class condition {
    live,
    lost,           ///< only a tombstone is stored
    unusable,       ///< stored, but cannot be read
    other_release,  ///< stored in a newer shape, or with a component that this program does not
                    ///< have
    over,           ///< ended or deleted; the entry is about to leave the registry
};

/// How much a user would miss a conversation, the least first. This is the order of eviction.
enum class worth : std::uint8_t {
    unused,     ///< no page was ever open, and the conversation had no event
    looked_at,  ///< a page was open, but the conversation had no event
    worked_on,  ///< the conversation had an event
    kept,       ///< the conversation is marked with `keep()`; never evicted
    open,       ///< a page is open; never evicted
};

BOOST_DESCRIBE_ENUM(worth, unused, looked_at, worked_on, kept, open)

/// The part of a session that concerns timers, messages and work. Most sessions do not need it.
struct background_state {
    std::optional<time_point> due;     ///< the due time in the timer queue
    std::vector<std::string> topics;   ///< the subscriptions in the topic index
    std::uint8_t failed_attempts = 0;  ///< of timers and results, since the last success
    steady_time retry_at;              ///< timers and results wait until then
    std::vector<operation> retries;    ///< results that could not be saved, and must not be lost

    // Only for an unseen conversation.
    std::vector<kernel::any_command> held_commands;
    std::vector<std::uint64_t> interrupted_work;  ///< fails when the conversation is seen
    std::optional<std::uint64_t> messages_since;  ///< later messages wait in the topic index
};

/// The state of a conversation that only the operation that holds the conversation may use.
struct session {
    std::shared_ptr<const conversation> value;      ///< null until the first use
    std::unique_ptr<const storage::record> stored;  ///< the record from which `value` is decoded
    std::unique_ptr<background_state> background;
    /// Notices of a submission without scripts, for the page that is loaded after it; null for
    /// none.
    std::unique_ptr<const std::vector<kernel::patch>> notices;
    bool needs_wakeup = false;    ///< loaded, and not used since
    bool has_tombstone = false;   ///< the store has a tombstone instead of the conversation
    bool was_warned = false;      ///< the log has a warning that the conversation is not saved
    bool is_rolled_back = false;  ///< the log has a warning that a page was ahead of the store
    bool has_blind_page = false;  ///< an open page does not show the revision before this one

    /// True while the conversation is being minted: no other thread has its id yet.
    bool is_new() const { return value && value->revision == 0; }

    background_state& make_background() {
        if (!background) background = std::make_unique<background_state>();
        return *background;
    }
};

/// One conversation in the map. `id`, `owner` and `mount` do not change once the entry is in the
/// registry.
struct entry {
    std::string id;
    std::string owner;
    std::string mount;  ///< empty except for a tombstone
    std::atomic<condition> state = condition::live;
    std::atomic<steady_time> last_seen = steady_time();  ///< time of the newest event or open page
    std::atomic<bool> was_open = false;                  ///< a page was open since the start
    std::atomic<bool> had_event = false;
    std::atomic<bool> is_kept = false;
    mailbox operations;
    page_streams streams;
    unused_list::link unused_link;

    bool is_used() const { return was_open || had_event; }

    /// The mark of a `keep()` in `start()` does not count before the conversation is used.
    live::worth worth() const {
        if (streams.is_open()) return worth::open;
        if (!is_used()) return worth::unused;
        if (is_kept) return worth::kept;
        return had_event ? worth::worked_on : worth::looked_at;
    }

private:
    friend class held_entry;

    session session_;
};

/// An entry whose mailbox is held, and the only access to its session. It is passed from function
/// to function until `dispatcher::release` gives it back.
class held_entry {
public:
    /// For the caller that has made the mailbox held, or that has made the entry.
    static held_entry of(entry_ptr e) { return held_entry(std::move(e)); }

    held_entry(held_entry&&) noexcept = default;
    held_entry& operator=(held_entry&&) noexcept = default;
    held_entry(const held_entry&) = delete;
    held_entry& operator=(const held_entry&) = delete;
    ~held_entry() = default;

    const entry_ptr& pointer() const { return entry_; }

    entry& operator*() const { return *entry_; }

    entry* operator->() const { return entry_.get(); }

    live::session& session() const { return entry_->session_; }

    const conversation& value() const { return *entry_->session_.value; }

private:
    explicit held_entry(entry_ptr e) : entry_(std::move(e)) {}

    entry_ptr entry_;
};

}  // namespace stube::live
