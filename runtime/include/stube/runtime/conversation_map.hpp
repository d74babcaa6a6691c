#pragma once

#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/conversation_options.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/store/store.hpp>

#include <boost/describe/enum.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The conversations of a server, in memory. Each changes one event at a time, and a change is
/// saved before it is published.
namespace stube::live {

/// Runs posted functions on one thread. The server has one for each of its threads.
class executor {
public:
    virtual ~executor() = default;
    /// Runs `work` later on the executor's thread, in the order posted. Callable from any thread.
    virtual void post(std::function<void()> work) = 0;
};

/// The news of an open page after a change.
struct update {
    std::uint64_t revision = 0;
    std::vector<kernel::patch> patches;  ///< empty if the page shows the new revision already
    bool ended = false;                  ///< no update follows
};

/// The event stream of an open page.
class view_stream {
public:
    virtual ~view_stream() = default;
    /// Called in the order of revisions, from any thread; must not block and must not throw.
    virtual void publish(const std::shared_ptr<const update>& what) = 0;
    /// Called at most once, like `publish`: too many pages are open, and a newer one takes the
    /// place of this one. No call follows.
    virtual void displace() {}
};

/// The result of an operation.
enum class status {
    ok,        ///< done and durable
    ended,     ///< done and durable; the conversation is over
    repeated,  ///< the event was applied before; `news` has the whole view
    stale,     ///< the event's component has left the page; `news` has the whole view
    /// The conversation ended a short while ago. `value` has its last revision, and `news` the last
    /// update of its pages, if it is still known.
    just_ended,
    gone,      ///< there is no such conversation: it ended or expired, or never existed
    foreign,   ///< it belongs to another browser session
    lost,      ///< only a tombstone was left after the last restart; `mount` is where it began
    unusable,  ///< the stored record cannot be read; it is kept
    /// The stored record has a newer shape than this release can read, or a component that it does
    /// not have. It is kept for the release that can, until it expires.
    other_release,
    unknown_event,
    bad_arguments,
    failed,      ///< the component threw: nothing changed; `news` shows a notice with `error_id`
    not_saved,   ///< the store refused: nothing changed
    store_down,  ///< the store has stopped: nothing is accepted until a restart
    overloaded,  ///< a limit of `conversation_options` was reached: nothing changed
};
BOOST_DESCRIBE_ENUM(
    status,
    ok,
    ended,
    repeated,
    stale,
    just_ended,
    gone,
    foreign,
    lost,
    unusable,
    other_release,
    unknown_event,
    bad_arguments,
    failed,
    not_saved,
    store_down,
    overloaded
)

struct reply {
    status result = status::ok;
    /// The present value; null if there is none. After the end it has no instances.
    std::shared_ptr<const conversation> value = nullptr;
    std::shared_ptr<const update> news = nullptr;  ///< for the page; may be null
    bool streamed = false;                         ///< at least one stream has got `news`
    std::string error_id = {};                     ///< the log has it beside the reason
    std::string mount = {};                        ///< for `lost`
};

using on_reply = std::function<void(reply&&)>;

/// Conversations are decoded when they are first used, except those that wait for a timer, a
/// message or work. So a state that does not fit its component, or whose `migrate` throws, may
/// count as loaded; `check_store` finds those.
struct load_summary {
    std::size_t loaded = 0;
    std::size_t lost = 0;               ///< tombstones
    std::size_t newer_shape = 0;        ///< kept for the release that can read it
    std::size_t unknown_component = 0;  ///< likewise
    std::size_t unusable = 0;           ///< kept, but cannot be read
    std::size_t quarantined = 0;        ///< damaged; the store has quarantined them
};

/// Timers, messages, work and deletions. Totals count since the start.
struct conversation_counts {
    std::size_t timers = 0;  ///< conversations with a timer
    std::size_t topics = 0;  ///< topics with a subscriber
    std::size_t work_running = 0;
    std::size_t work_waiting = 0;

    std::size_t timers_fired = 0;
    std::size_t messages_delivered = 0;
    std::size_t messages_lost = 0;  ///< too many waited, or the store refused
    std::size_t work_done = 0;
    std::size_t work_failed = 0;
    std::size_t work_refused = 0;  ///< too much waited
    /// Conversations of which a page claims to have seen a later revision than the store has.
    /// Either the store has lost acknowledged changes, or was replaced by an older copy, or the
    /// claim is wrong.
    std::size_t rolled_back = 0;
    std::size_t expired = 0;  ///< deleted because they were idle
    std::size_t evicted = 0;  ///< deleted because there were too many
};

/// The conversations of one server.
///
/// A conversation changes only through `swap_conv`: one change at a time, then the store's save,
/// and only then the new value is published to streams and to the caller. If the save fails, the
/// old value remains.
///
/// Threads: every member may be called from any thread. An operation runs on the calling thread
/// when the conversation is free, otherwise on its `executor` in its turn. `on_reply` is called
/// exactly once, on the calling thread (possibly before the call returns) or on the executor's.
/// Executors outlive the map's stop(). Before the map is destroyed, they have run or dropped all
/// posted functions.
///
/// Timers, messages and results of background work are operations in the same queue. They run on
/// one of the executors of `use`, never on the thread that delivers them.
class conversation_map {
public:
    conversation_map(std::unique_ptr<store> storage, conversation_options options);
    conversation_map(const conversation_map&) = delete;
    conversation_map& operator=(const conversation_map&) = delete;
    ~conversation_map();

    /// Sets the executors of timers, messages and results; each conversation always has the same
    /// one. Called at most once, before `load`. Without it the map has a thread of its own for
    /// them.
    void use(std::vector<executor*> executors);

    /// Loads everything stored. Called once, before any other operation. Throws `store_refused` if
    /// the store cannot be read. Logs its progress, each unusable record, and the totals. Overdue
    /// timers fire soon after; background work that a restart interrupted fails.
    load_summary load();

    /// Begins a conversation at `mount`. A conversation from a snapshot gets a new id. Its timers,
    /// subscriptions and work, and the messages of its first hooks, begin with the first later
    /// operation: an event, a stream, or `open`.
    void mint(
        std::string mount,
        kernel::beginning with,
        std::string owner,
        std::string principal,
        executor& on,
        on_reply done
    );

    /// Replies with the present value and the whole view.
    void open(std::string_view id, std::string_view owner, executor& on, on_reply done);

    /// For a page without a stream that shows revision `seen`: the reply has the view only if that
    /// is not the present revision.
    void catch_up(
        std::string_view id,
        std::string_view owner,
        std::optional<std::uint64_t> seen,
        executor& on,
        on_reply done
    );

    /// Applies one event. `seen` is the revision that a page without a stream shows: if the
    /// conversation has a later one, the reply has the whole view instead of patches.
    void send(
        std::string_view id,
        std::string_view owner,
        kernel::event what,
        executor& on,
        on_reply done,
        std::optional<std::uint64_t> seen = {}
    );

    /// Goes to step `to` of the conversation's history, or one step back.
    void go_back(
        std::string_view id,
        std::string_view owner,
        kernel::event_id event,
        std::optional<std::uint64_t> to,
        executor& on,
        on_reply done
    );

    /// Adds an open page that shows revision `seen`. Unless that is the present revision, the
    /// stream gets the whole view first. A later revision than the present one adds a notice about
    /// lost changes, and a line in the log.
    void attach(
        std::string_view id,
        std::string_view owner,
        std::optional<std::uint64_t> seen,
        std::shared_ptr<view_stream> stream,
        executor& on,
        on_reply done
    );

    void detach(std::string_view id, const view_stream* stream);

    /// The one way to change a conversation. `change` is called exactly once with the present
    /// value, unless the reply has a status that says why not.
    void swap_conv(
        std::string_view id,
        std::function<kernel::outcome(const conversation&)> change,
        executor& on,
        on_reply done
    );

    /// Sends a message to every conversation that is subscribed to `topic`. `message` is a JSON
    /// array of arguments. Does not wait: each conversation gets the message in a turn of its own,
    /// and messages of one publisher in the order published. A conversation with too many waiting
    /// messages loses it.
    void publish(std::string_view topic, std::string_view message);

    /// Fires all timers that are due; returns for how many conversations. Needed only without
    /// `watch_clock`.
    std::size_t fire_due();

    /// Deletes conversations that were idle too long: no open page and no event. Timers and
    /// messages do not count as use. Conversations of another release expire likewise, unread.
    /// Records that cannot be read stay. Returns how many conversations it began to delete.
    std::size_t reap();

    /// The history of all conversations that the store keeps, also of those that have ended. Valid
    /// as long as the map. Throws `store_refused` if the store keeps no archive.
    conversation_history history() const;

    std::size_t size() const;

    conversation_counts counts() const;

    /// Refuses new and waiting operations with `store_down`, so that pages send them again. Waits
    /// for running background work (see `work_timeout`) and for all pending saves. Idempotent.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace stube::live
