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
    unusable,       ///< stored, and cannot be read
    other_release,  ///< stored in a newer shape, or with a component that is not known here
    over,           ///< ended or deleted; the entry is about to leave the registry
};

/// The value of a conversation to its user, the least first: the order of eviction.
enum class worth : std::uint8_t {
    unused,     ///< no page of it was ever open, and it had no event
    looked_at,  ///< a page was open, and no event has come from it
    worked_on,  ///< it had an event
    kept,       ///< it is marked with `keep()`; never evicted
    open,       ///< a page is open; never evicted
};

BOOST_DESCRIBE_ENUM(worth, unused, looked_at, worked_on, kept, open)

/// The part of a session that concerns timers, messages and work. Most conversations have none.
struct background_state {
    std::optional<time_point> due;     ///< as set in the timer queue
    std::vector<std::string> topics;   ///< as entered in the topic index
    std::uint8_t failed_attempts = 0;  ///< since an operation of no user succeeded
    steady_time retry_at;              ///< operations of no user wait until then
    std::vector<operation> retries;    ///< could not be saved, and must not be lost

    // Of a conversation that nobody has seen yet.
    std::vector<kernel::any_command> held_commands;
    std::vector<std::uint64_t> interrupted_work;  ///< fails when somebody sees the conversation
    std::optional<std::uint64_t> messages_since;  ///< later messages wait in the topic index
};

/// The state of a conversation that belongs to the operation that holds it.
struct session {
    std::shared_ptr<const conversation> value;      ///< null until the first use
    std::unique_ptr<const storage::record> stored;  ///< what `value` is decoded from
    std::unique_ptr<background_state> background;
    /// Notices of a submission without scripts, for the page that is loaded after it; null for
    /// none.
    std::unique_ptr<const std::vector<kernel::patch>> notices;
    bool needs_wakeup = false;    ///< loaded and not used yet
    bool has_tombstone = false;   ///< a tombstone is stored in its place
    bool was_warned = false;      ///< that it is not saved
    bool is_rolled_back = false;  ///< a page was ahead of the store, and that was logged
    bool has_blind_page = false;  ///< an open page does not show the revision before this one

    /// True while it is being minted: no other thread has its id yet.
    bool is_new() const { return value && value->revision == 0; }

    background_state& make_background() {
        if (!background) background = std::make_unique<background_state>();
        return *background;
    }
};

/// The place of a conversation in the map. `id`, `owner` and `mount` do not change once the entry
/// is in the registry.
struct entry {
    std::string id;
    std::string owner;
    std::string mount;  ///< only of a tombstone
    std::atomic<condition> state = condition::live;
    std::atomic<steady_time> last_seen = steady_time();  ///< newest event, or open page
    std::atomic<bool> was_open = false;                  ///< a page was open since the start
    std::atomic<bool> had_event = false;
    std::atomic<bool> is_kept = false;
    mailbox operations;
    page_streams streams;
    unused_list::link unused_link;

    bool is_used() const { return was_open || had_event; }

    /// The mark of a `keep()` in a start() that nobody has seen is worth nothing.
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
    /// For the one that made the mailbox held, or that made the entry.
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
