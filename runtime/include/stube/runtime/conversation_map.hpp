#pragma once

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

/// The live part: conversations in memory, changed one event at a time and saved before anyone is
/// told.
namespace stube::live {

/// A thread that work can be handed to; the server has one for each of its threads.
class executor {
public:
    virtual ~executor() = default;
    /// Runs `work` later on this executor's thread, in the order posted. Callable from any thread.
    virtual void post(std::function<void()> work) = 0;
};

/// What an open page is told after a change.
struct update {
    std::uint64_t revision = 0;
    std::vector<kernel::patch> patches;  ///< empty if the page shows the new revision already
    bool ended = false;                  ///< nothing will follow
};

/// An open page that listens.
class view_stream {
public:
    virtual ~view_stream() = default;
    /// Called in the order of revisions, from any thread; must not block and must not throw.
    virtual void publish(const std::shared_ptr<const update>& what) = 0;
    /// Called once, likewise: too many pages are open, a newer one takes its place, and nothing
    /// follows.
    virtual void displace() {}
};

/// How an operation went.
enum class status {
    ok,        ///< done and durable
    ended,     ///< done and durable; the conversation is over
    repeated,  ///< the event had been applied before; `news` holds the whole view
    stale,     ///< the event's component is not on the page any more; `news` holds the whole view
    /// The conversation ended a short while ago. `value` has its last revision; `news` what its
    /// pages were told then, if that is still known.
    just_ended,
    gone,      ///< no such conversation: it ended, was idle too long, or never was
    foreign,   ///< it belongs to another browser session
    lost,      ///< it could not be kept over the last restart; `mount` says where it began
    unusable,  ///< what is stored cannot be read; kept as it is
    /// It is stored in a newer shape than this release knows, or holds a component that it does not
    /// know: kept as it is for the release that does, until it is idle too long.
    other_release,
    unknown_event,
    bad_arguments,
    failed,      ///< the component threw: nothing changed; `news` shows a notice with `error_id`
    not_saved,   ///< the store refused: nothing changed
    store_down,  ///< the store is not usable any more: nothing is accepted until a restart
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
    status what = status::ok;
    /// As it stands now, if there is one; after its end it has no instances.
    std::shared_ptr<const conversation> value = nullptr;
    std::shared_ptr<const update> news = nullptr;  ///< what there is to show, if anything
    bool streamed = false;      ///< `news` has been given to at least one open stream
    std::string error_id = {};  ///< stands in the log beside the reason
    std::string mount = {};     ///< for `lost`
};

using on_reply = std::function<void(reply&&)>;

/// Conversations are decoded when they are first used, except those that wait for a timer, a
/// message or work. So a state that does not fit its component, or whose `migrate` throws, may
/// count as loaded; `check_store` finds those.
struct load_summary {
    std::size_t loaded = 0;
    std::size_t lost = 0;               ///< marks of conversations that could not be kept
    std::size_t newer_shape = 0;        ///< kept for the release that knows it
    std::size_t unknown_component = 0;  ///< likewise
    std::size_t unusable = 0;           ///< kept, but cannot be read
    std::size_t quarantined = 0;        ///< damaged, set aside by the store
};

/// What happens without a user. Totals count since the start.
struct conversation_counts {
    std::size_t timers = 0;  ///< conversations with a timer
    std::size_t topics = 0;  ///< with a subscriber
    std::size_t work_running = 0;
    std::size_t work_waiting = 0;

    std::size_t timers_fired = 0;
    std::size_t messages_delivered = 0;
    std::size_t messages_lost = 0;  ///< too many waited, or the store refused
    std::size_t work_done = 0;
    std::size_t work_failed = 0;
    std::size_t work_refused = 0;  ///< too much waited
    /// Conversations of which a page claims to have seen a later revision than the store has: the
    /// store has lost what was acknowledged, an older copy was put in its place, or the claim is
    /// wrong.
    std::size_t rolled_back = 0;
    std::size_t expired = 0;  ///< deleted because nobody used them
    std::size_t evicted = 0;  ///< deleted because there were too many
};

/// The conversations of one server.
///
/// Each changes only through `swap_conv`: one change at a time, then the store's save, and only
/// then is the new value published and are streams and the caller told. If the save fails the old
/// value stands.
///
/// Threads: every member may be called from any thread. An operation runs on the calling thread
/// when the conversation is free, else on its `executor` when its turn comes; `on_reply` is called
/// exactly once, on the calling thread (possibly before the call returns) or on the executor's.
/// Runners outlive the map's stop(); what was posted to them has run, or was dropped, before the
/// map is destroyed.
///
/// Timers, messages and results of background work are operations like any other, in the same line,
/// but never on the thread that brings them: they run on one of the executors of `use`.
class conversation_map {
public:
    conversation_map(std::unique_ptr<store> storage, conversation_options options);
    conversation_map(const conversation_map&) = delete;
    conversation_map& operator=(const conversation_map&) = delete;
    ~conversation_map();

    /// Where timers, messages and results are worked off; a conversation is always on the same one.
    /// Once, before `load`. Without it they have a thread of their own.
    void use(std::vector<executor*> executors);

    /// Loads everything stored; once, before anything else. Throws `store_refused` if the store
    /// cannot be read. Says in the log how far it is, what cannot be used, and in the end how many
    /// there are. Timers that are overdue fire soon after, background work that a restart
    /// interrupted fails.
    load_summary load();

    /// Begins a conversation at `mount`. One that goes on from a snapshot gets an id of its own.
    /// Its timers, subscriptions and work begin when it is first followed up: with an event, a
    /// stream, or `open`. What its first hooks publish waits until then, too.
    void mint(
        std::string mount,
        kernel::beginning with,
        std::string owner,
        std::string principal,
        executor& on,
        on_reply done
    );

    /// The conversation and its whole view, as it stands.
    void open(std::string_view id, std::string_view owner, executor& on, on_reply done);

    /// The same for a page without a stream that shows revision `seen`: without the view if that is
    /// the present revision.
    void catch_up(
        std::string_view id,
        std::string_view owner,
        std::optional<std::uint64_t> seen,
        executor& on,
        on_reply done
    );

    /// Applies one event. A page without a stream gives the revision that it shows, `seen`: if the
    /// conversation has a later one, the reply has the whole view in place of patches.
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

    /// Adds an open page that has seen `seen`. If that is not the present revision the stream is
    /// given the whole view first; if it was a later one, with a notice that something is lost,
    /// which stands in the log as well.
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
    /// value, unless the conversation cannot be had.
    void swap_conv(
        std::string_view id,
        std::function<kernel::outcome(const conversation&)> change,
        executor& on,
        on_reply done
    );

    /// Tells every conversation that is subscribed to `topic`. `message` is JSON, an array of
    /// arguments. Does not wait for them: each gets it in a turn of its own, and messages of one
    /// publisher in the order published. A conversation with too many waiting loses it.
    void publish(std::string_view topic, std::string_view message);

    /// Begins what is due now; returns for how many conversations. Needed only without
    /// `watch_clock`.
    std::size_t fire_due();

    /// Gives up conversations that were idle too long: without an open page, and without an event.
    /// Timers and messages are no use of a conversation. Those of another release go in the same
    /// time, unread; what cannot be read stays for somebody to look at. Returns how many.
    std::size_t reap();

    std::size_t size() const;

    conversation_counts counts() const;

    /// Refuses new operations and those that wait for their turn (`store_down`: a page sends them
    /// again), waits for background work that runs (see `work_timeout`), and until everything that
    /// was begun is saved. Idempotent.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace stube::live
