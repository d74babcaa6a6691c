#pragma once

#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/conversation_options.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/store/store.hpp>

#include <boost/describe/enum.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <future>
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

/// Patches, as they are published to open pages.
struct update {
    /// The revision that a page shows afterwards; 0 if it stays the same: there are only notices.
    std::uint64_t revision = 0;
    std::vector<kernel::patch> patches;  ///< may be empty: the new revision looks the same
    bool ended = false;                  ///< no update follows

    /// True if a page with any revision can apply the patches. Otherwise it must show the revision
    /// before `revision`.
    bool is_whole_view() const;
};

/// The event stream of an open page.
class view_stream {
public:
    virtual ~view_stream() = default;
    /// The page, as in the ids of its events (`kernel::page_of`); 0 if it is not known. A page does
    /// not receive the updates by its own events here, but in the replies to the events.
    virtual std::uint64_t page() const { return 0; }
    /// Called in the order of revisions, from any thread; must not block and must not throw.
    virtual void publish(const std::shared_ptr<const update>& news) = 0;
    /// Called at most once, when too many pages are open: a newer page evicts this one. Like
    /// `publish`, it must not block and must not throw. No further call follows.
    virtual void displace() {}
};

/// The sender of a request for a conversation. Valid during the call that receives it.
struct visitor {
    std::string_view owner;           ///< the browser session, with the user in it
    const principal* user = nullptr;  ///< null: the user whose conversation it is

    template <std::convertible_to<std::string_view> Text>
    visitor(const Text& session, const principal* sender = nullptr)
        : owner(session), user(sender) {}
};

/// The result of an operation.
enum class status {
    ok,        ///< done and durable
    ended,     ///< done and durable; the conversation has ended
    repeated,  ///< the event was applied before; `news` has the whole view
    stale,     ///< the event's component has left the page; `news` has the whole view
    /// The conversation ended a short while ago. `value` has the last revision, and `news` has the
    /// last update of the pages, if that is still kept.
    just_ended,
    gone,      ///< there is no such conversation: it ended or expired, or never existed
    foreign,   ///< the conversation belongs to another browser session, and the rule for access
               ///< does not allow the visitor to use it
    lost,      ///< only a tombstone is left after a restart; `mount` has the path of its mount
    unusable,  ///< the stored record cannot be read; the store keeps it
    /// The stored record has a newer shape than this release can read, or a component that this
    /// release does not have. The store keeps it for the release that can read it, until it
    /// expires.
    other_release,
    unknown_event,
    bad_arguments,
    forbidden,   ///< the component waits for another user: nothing changed
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
    forbidden,
    failed,
    not_saved,
    store_down,
    overloaded
)

struct reply {
    status result = status::ok;
    /// The present value, which has no instances after the end; null if there is no value.
    std::shared_ptr<const conversation> value = nullptr;
    std::shared_ptr<const update> news = nullptr;  ///< for the page; may be null
    bool streamed = false;      ///< the page may have received `news` on its stream
    std::string error_id = {};  ///< the log has the reason under this id
    std::string mount = {};     ///< for `lost`
};

using on_reply = std::function<void(reply&&)>;

/// Conversations are decoded when they are first used, except those that wait for a timer, a
/// message or work. So `loaded` may include conversations whose state does not fit its component,
/// or whose `migrate` throws. `check_store` finds them.
struct load_summary {
    std::size_t loaded = 0;
    std::size_t lost = 0;               ///< tombstones
    std::size_t newer_shape = 0;        ///< kept for a release that can read them
    std::size_t unknown_component = 0;  ///< kept for a release that has the component
    std::size_t unusable = 0;           ///< kept, but cannot be read
    std::size_t quarantined = 0;        ///< damaged; the store has quarantined them
};

/// The numbers of timers, messages, pieces of work and deletions. The totals count from the start.
struct conversation_counts {
    std::size_t timers = 0;  ///< conversations with a timer
    std::size_t topics = 0;  ///< topics with a subscriber
    std::size_t work_running = 0;
    std::size_t work_waiting = 0;

    std::size_t timers_fired = 0;
    std::size_t messages_delivered = 0;
    std::size_t messages_lost = 0;  ///< too many messages waited, or the store refused the change
    std::size_t work_done = 0;
    std::size_t work_failed = 0;
    std::size_t work_refused = 0;  ///< too much work waited
    /// Conversations for which a page reports a later revision than the store has. Either the store
    /// has lost acknowledged changes, or it was replaced by an older copy, or the report is wrong.
    std::size_t rolled_back = 0;
    std::size_t expired = 0;  ///< deleted because they were idle
    std::size_t evicted = 0;  ///< deleted because there were too many

    std::size_t trims_done = 0;         ///< deletions of old history that were saved
    std::size_t trims_failed = 0;       ///< that were not, or whose archive could not be read
    std::size_t failures_archived = 0;  ///< failed turns that the archive has recorded
    std::size_t failures_lost = 0;      ///< too many waited, or the store refused them
    /// The time since the query index last had all commits of the archive; below a second while it
    /// follows. Empty if there is no index.
    std::optional<std::chrono::milliseconds> index_behind = {};
};

/// The conversations of one server.
///
/// A conversation changes only through `swap_conv`: one change at a time, then the store's save,
/// and only then the new value is published to streams and to the caller. If the save fails, the
/// old value remains.
///
/// Threads: every member may be called from any thread. An operation runs on the calling thread if
/// the conversation is free, otherwise later on the operation's executor. `on_reply` is called
/// exactly once, on the calling thread (possibly before the call returns) or on the executor's.
/// The executors must outlive stop(). Before the map is destroyed, they must have run or dropped
/// all posted functions.
///
/// Timers, messages and results of background work are operations in the same queue. They run on
/// the executors that `use` has set, never on the thread that delivers them.
class conversation_map {
public:
    conversation_map(std::unique_ptr<store> storage, conversation_options options);
    conversation_map(const conversation_map&) = delete;
    conversation_map& operator=(const conversation_map&) = delete;
    ~conversation_map();

    /// Sets the executors of timers, messages and results; each conversation always has the same
    /// one. Called at most once, before `load`. Without this call, the map runs these operations on
    /// a thread of its own.
    void use(std::vector<executor*> executors);

    /// Loads all that is stored. Called once, before any other operation. Throws `store_refused` if
    /// the store cannot be read. Logs its progress, each unusable record, and the totals. Overdue
    /// timers fire soon after; background work that a restart interrupted fails.
    load_summary load();

    /// Begins a conversation at `mount`. It has a new id, also if it continues from a snapshot or
    /// from the archive. It fails if the archive does not have the head that it continues. The
    /// timers, subscriptions and work of the conversation, and the messages of its first hooks,
    /// begin with the first later operation: an event, a stream, or `open`. A fork of another
    /// user's conversation fails unless `conversation_options::access` allows it.
    void mint(
        std::string mount,
        kernel::beginning start,
        std::string owner,
        stube::principal user,
        executor& on,
        on_reply done
    );

    /// Replies with the present value and the whole view.
    void open(std::string_view id, visitor from, executor& on, on_reply done);

    /// For a page without a stream that shows revision `seen`. The reply has the view only if
    /// `seen` is not the present revision.
    void catch_up(
        std::string_view id,
        visitor from,
        std::optional<std::uint64_t> seen,
        executor& on,
        on_reply done
    );

    /// Applies one event. `seen` is the revision that a page without a stream shows: if the
    /// conversation has a later one, the reply has the whole view instead of patches.
    void send(
        std::string_view id,
        visitor from,
        kernel::event received,
        executor& on,
        on_reply done,
        std::optional<std::uint64_t> seen = {}
    );

    /// Goes to step `to` of the conversation's history, or one step back.
    void go_back(
        std::string_view id,
        visitor from,
        kernel::event_id event,
        std::optional<std::uint64_t> to,
        executor& on,
        on_reply done
    );

    /// Adds an open page that shows revision `seen`. Unless `seen` is the present revision, the
    /// stream receives the whole view first. If `seen` is later than the present revision, the page
    /// also receives a notice about lost changes, and the log a warning.
    void attach(
        std::string_view id,
        visitor from,
        std::optional<std::uint64_t> seen,
        std::shared_ptr<view_stream> stream,
        executor& on,
        on_reply done
    );

    void detach(std::string_view id, const view_stream* stream);

    /// The one way to change a conversation. `change` is called exactly once with the present
    /// value, or not at all if the conversation cannot be changed; the status of the reply is then
    /// the reason.
    void swap_conv(
        std::string_view id,
        std::function<kernel::outcome(const conversation&)> change,
        executor& on,
        on_reply done
    );

    /// Gives a conversation an alias, see `stube::write_alias`. The future is ready when the alias
    /// is durable (`ok`), or with the reason why it is not: `gone` if there is no such conversation
    /// or it has ended, `failed` if another conversation has the alias. It does not count as use.
    /// Throws std::invalid_argument for an invalid name, and `store_refused` if the store keeps no
    /// archive. An executor's thread must not wait for the future.
    std::future<status> write_alias(std::string_view id, std::string alias);

    /// Sends a message to every conversation that is subscribed to `topic`. `message` is a JSON
    /// array of arguments. Does not wait: each conversation receives the message in a turn of its
    /// own, and the messages of one publisher in the order in which they were published. A
    /// conversation in which too many messages wait does not receive it.
    void publish(std::string_view topic, std::string_view message);

    /// Fires all timers that are due, and returns the number of their conversations. Needed only
    /// without `watch_clock`.
    std::size_t fire_due();

    /// Deletes conversations that have been idle for too long (no open page, no event). Timers and
    /// messages do not count as use. Conversations of another release expire in the same way,
    /// without being decoded. Records that cannot be read stay. Returns the number of conversations
    /// whose deletion it has begun.
    std::size_t reap();

    /// Deletes archived heads that are older than the `keep_history` of the component at the root
    /// of their page, and conversations that ended that long ago. Does a slice of the work, so that
    /// saves are not delayed: call it repeatedly, on one thread at a time. Reads the store. Returns
    /// the number of conversations whose heads it has begun to delete.
    std::size_t trim_history();

    /// True if the store keeps an archive, so that `history` can be called.
    bool keeps_archive() const;

    /// The history of all conversations that the store keeps, also of those that have ended. Valid
    /// as long as the map. Throws `store_refused` if the store keeps no archive.
    conversation_history history() const;

    /// The same, for one user: see `conversation_history::seen_by`.
    conversation_history history(principal user) const;

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
