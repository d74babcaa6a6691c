#pragma once

#include <stube/runtime/access.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/conversation_query.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/store/store.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The history of conversations, from a store with an archive: who did what and when, how the state
/// looked then, and what was shown.
///
/// The results are described structs, so `encode` makes JSON of them:
///
///     const auto events = site.history().event_view(id);
///     const boost::json::value json = encode(events);
namespace stube::live {

/// A field that a user has filled in.
struct audit_field {
    std::uint64_t instance = 0;        ///< that has the field
    std::string name;                  ///< "amount"
    std::optional<std::string> value;  ///< empty for a secret field
};
BOOST_DESCRIBE_STRUCT(audit_field, (), (instance, name, value))

/// One commit of a conversation, for an audit.
struct audit_event {
    std::uint64_t head = 0;    ///< the revision of the commit
    std::uint64_t parent = 0;  ///< the head whose state it continues; 0 for the first
    time_point time;
    std::string kind;  ///< "visit", "event", "navigation", "timers", "message", ...
    /// The user who caused the commit, or the owner of the conversation; empty for an anonymous
    /// visitor.
    std::string principal;
    std::string component;       ///< of a visit or an event
    std::uint64_t instance = 0;  ///< of an event
    std::string member;          ///< of an event: the name of the member function
    std::string topic;           ///< of a message
    std::string alias;           ///< that the application has given the conversation
    /// JSON: the arguments of an event or a message, and the value of a result. Otherwise empty. A
    /// secret argument is null.
    std::string arguments;
    std::vector<audit_field> fields;  ///< of an event
    /// True for the newest head and the heads whose states led to it. False for an abandoned
    /// branch: the user has gone Back and has done something else.
    bool is_on_current_branch = true;
};
BOOST_DESCRIBE_STRUCT(
    audit_event,
    (),
    (head,
     parent,
     time,
     kind,
     principal,
     component,
     instance,
     member,
     topic,
     alias,
     arguments,
     fields,
     is_on_current_branch)
)

/// A turn that failed, so that it has no head.
struct audit_failure {
    audit_event event;  ///< `head` is 0, and `parent` is the newest head at that time
    std::string why;    ///< the exception, as in the log
};
BOOST_DESCRIBE_STRUCT(audit_failure, (), (event, why))

enum class replay_result {
    same,          ///< the replay has the recorded result
    differs,       ///< it has another result; `difference` is the first difference
    not_compared,  ///< the comparison is not possible; `difference` is the reason
};
BOOST_DESCRIBE_ENUM(replay_result, same, differs, not_compared)

/// The comparison of a replayed turn with its record.
struct replayed_event {
    std::uint64_t head = 0;   ///< of a failure: the head after which it happened
    bool is_failure = false;  ///< the turn has failed in the record
    replay_result result = replay_result::same;
    /// Such as "component claim (i1), member amount: recorded 10, replayed 12".
    std::string difference;
};
BOOST_DESCRIBE_STRUCT(replayed_event, (), (head, is_failure, result, difference))

/// One change of an open page, for a developer.
struct page_patch {
    std::string kind;            ///< "instance", "insert", "remove", "move", "view", "final", ...
    std::uint64_t instance = 0;  ///< whose element changes
    std::string list;            ///< of an insertion: the list of the instance
    std::string html;            ///< the new content, without events
};
BOOST_DESCRIBE_STRUCT(page_patch, (), (kind, instance, list, html))

/// The end of one line of heads.
struct branch {
    std::uint64_t tip = 0;  ///< its newest head
    /// The newest head that it has in common with the current branch; 0 if that was deleted.
    std::uint64_t fork = 0;
    bool is_current = false;
};
BOOST_DESCRIBE_STRUCT(branch, (), (tip, fork, is_current))

/// A conversation that began as a copy of another one.
struct forked {
    std::string id;
    std::string from;        ///< the id of the other conversation
    std::uint64_t head = 0;  ///< of the other conversation
};
BOOST_DESCRIBE_STRUCT(forked, (), (id, from, head))

/// The whole history of a conversation.
struct history_view {
    std::vector<audit_event> events;  ///< of all branches, the oldest first
    std::vector<branch> branches;     ///< the current one first, then by their tip, falling
    std::vector<std::string> aliases;
    std::vector<forked> forks;  ///< from this conversation, and this one if it is a fork
};
BOOST_DESCRIBE_STRUCT(history_view, (), (events, branches, aliases, forks))

/// The state of a conversation at a head.
struct head_view {
    conversation value = {};
    std::uint64_t head = 0;
    std::uint64_t parent = 0;  ///< the head whose state it continues; 0 for the first
    time_point time = {};
    bool has_ended = false;  ///< the commit ended the conversation; `value` is the state before it
};

enum class direction {
    entered,  ///< by the user
    shown,    ///< to the user
};
BOOST_DESCRIBE_ENUM(direction, entered, shown)

/// Something that a user has entered, or a page that was shown.
struct message_record {
    std::uint64_t head = 0;
    time_point time = {};
    live::direction direction = live::direction::shown;
    std::string principal = {};
    /// Without `include_content` nullopt. Of an entry: JSON with the component, the member, the
    /// arguments and the fields. Of a page: its HTML without events.
    std::optional<std::string> content = {};
};
BOOST_DESCRIBE_STRUCT(message_record, (), (head, time, direction, principal, content))

/// Which heads a view returns: the newest `count` below `before`.
struct head_range {
    std::uint64_t before = std::numeric_limits<std::uint64_t>::max();
    std::size_t count = 1'000;
};

struct message_options {
    bool include_content = false;
    head_range range = {};
};

/// The query index of an archive. Both must outlive the history that uses them.
struct followed_index {
    storage::query_index* index = nullptr;         ///< null: there is none
    std::function<std::uint64_t()> position = {};  ///< the last commit that the index has
};

/// Reads the archive of a store. Valid as long as the server or the map that it comes from. It
/// shows everything of everybody; `seen_by` restricts it to the conversations that one user may
/// see.
/// Threads: any. Each call reads the store, and does not wait for saves.
/// Errors: `store_refused` if the archive cannot be read or is damaged; `decode_error` for a state
/// that this release cannot read.
class conversation_history {
public:
    /// Both must outlive the object. `environment_at` makes the environment in which pages are
    /// rendered again. Throws `store_refused` if the store keeps no archive.
    conversation_history(
        store& from,
        std::function<kernel::environment(time_point)> environment_at,
        followed_index index = {}
    );

    /// The history as one user may see it: the user's own conversations, and those of others that
    /// `rule` allows, with the purposes `audit` and, for aliases, `find`. Every other conversation
    /// appears not to exist. Own conversations are those that began with the user's name; an
    /// anonymous visitor has none. A question about access reads the newest state of the
    /// conversation. An empty rule allows nothing.
    conversation_history seen_by(principal user, access_rule rule) const;

    /// The state at a head, or at the newest one. Empty if there is no such head.
    std::optional<head_view>
    view(std::string_view id, std::optional<std::uint64_t> head = std::nullopt) const;

    /// The commits of a conversation, the oldest first. Empty for an unknown conversation.
    std::vector<audit_event> event_view(std::string_view id, head_range range = {}) const;

    /// All commits with the branches that they form.
    stube::live::history_view history_view(std::string_view id) const;

    /// The newest turns that failed (at most `storage::kept_failures`), the oldest first. A failure
    /// is in the archive about a second later.
    std::vector<audit_failure> failures(std::string_view id) const;

    /// Runs the recorded causes again, from the state at `from_head` or from the beginning (0), and
    /// compares each result with the record. Time, clock shift and random numbers are the recorded
    /// ones. `with` has the application's objects (`app`): handlers call them, so they must not be
    /// those of the server unless these calls change nothing. Secrets are not recorded;
    /// the replay uses default values, and reports a difference that they can cause as
    /// `not_compared`. The same holds for functions of the application and for states that do not
    /// come from an event of this conversation. Empty if the archive does not have the head.
    std::vector<replayed_event>
    replay(std::string_view id, std::uint64_t from_head = 0, const kernel::environment& with = {})
        const;

    /// The whole recorded conversation as one JSON document without secrets, which
    /// `test_conversation::from_export` replays. It contains all other data of the user. Empty if
    /// the archive does not have the conversation.
    std::optional<std::string> export_of(std::string_view id) const;

    /// Writes the same document to a new file, which only its owner can read. `name` is an id or an
    /// alias. Throws std::invalid_argument if the archive has no such conversation, and
    /// std::system_error if the file exists already or cannot be written.
    void export_to(std::string_view name, const std::string& file) const;

    /// The entries of the user and the pages that were shown, in order. A page is rendered again
    /// from its archived state and with the time of its commit, so data of the application's object
    /// appears as it is now. The last page of a conversation that ended is the recorded one.
    std::vector<message_record>
    message_records(std::string_view id, message_options options = {}) const;

    /// The page at a head as HTML without events: rendered again, or the recorded one if the head
    /// ended the conversation. Empty if there is no such head. Throws what a `render()` throws.
    std::optional<std::string> page(std::string_view id, std::uint64_t head) const;

    /// The patches that turn the page before a head into the page of the head, both rendered again;
    /// the whole page for the first head. No handler runs, so there are no commands and notices.
    /// Empty if there is no such head, and for a head that ended the conversation. Throws what a
    /// `render()` throws.
    std::vector<page_patch> patches(std::string_view id, std::uint64_t head) const;

    /// The forks of a conversation, and the conversation that it was forked from.
    std::vector<forked> derivations(std::string_view id) const;

    /// The id of the conversation with this alias.
    std::optional<std::string> find_alias(std::string_view name) const;

    /// Searches all conversations, see <stube/runtime/conversation_query.hpp>. A history that one
    /// user sees has pages and counts of the hits that the user may `find`. It asks the rule about
    /// each hit of the query, up to 20,000, so add conditions such as `waits_for`. Throws
    /// `store_refused` if the archive has no index, and std::invalid_argument for a wrong query.
    template <class Query>
    found_page find(const Query& query) const {
        return find_hits(query.asked());
    }

    /// Runs SQL that reads the index: the views `conversations`, `waiting` and `facts`, see
    /// <stube/store/query_index.hpp>. Each "?" gets a parameter. Throws as `find`, and
    /// `store_refused` after the time limit and for a history that one user sees.
    selected_rows select(
        std::string_view sql,
        const std::vector<indexed_value>& parameters = {},
        storage::sql_limits limits = {}
    ) const;

    /// The time of the oldest commit that the index does not have yet. Empty if it has all of them.
    std::optional<time_point> index_behind_since() const;

private:
    found_page find_hits(const storage::index_query& query) const;
    found_page find_visible_hits(const storage::index_query& query) const;
    storage::query_index& required_index() const;
    struct reader;

    bool is_visible(std::string_view id, access_purpose purpose) const;
    bool is_visible(const storage::index_row& of) const;
    std::optional<head_view> state_at(std::string_view id, std::optional<std::uint64_t> head) const;
    std::string page_at(std::string_view id, std::uint64_t head) const;

    storage::archive& archive_;
    std::function<kernel::environment(time_point)> environment_at_;
    followed_index index_;
    std::shared_ptr<const reader> reader_;  ///< null: everything is visible
};

/// The history in a store that no server of this process uses, for tools. A store that is opened
/// read-only may be in use by another process. Pages are rendered without an application's object,
/// and there is no index to search.
///
///     stored_history(sqlite_store("claims.db", {.read_only = true, .archive = true}))
///         ->export_to("claim-4711", "incident.json");
class stored_history {
public:
    /// Loads the store. Throws `store_refused` if it cannot be read or keeps no archive.
    explicit stored_history(std::unique_ptr<store> from);

    const conversation_history* operator->() const { return &history_; }

    const conversation_history& operator*() const { return history_; }

private:
    std::unique_ptr<store> store_;
    conversation_history history_;
};

/// True in the conversations of a server whose store keeps an archive. False in a
/// `test_conversation`.
bool has_history(const context& around);

/// The history for a handler, as the user whose event it handles may see it; see `seen_by`. Valid
/// during the call. Throws `store_refused` unless `has_history(around)`.
///
///     void load(context& around) { events = live::history_of(around).event_view(claim); }
conversation_history history_of(const context& around);

/// The same with everything of everybody: check first that the user may know the result.
conversation_history whole_history_of(const context& around);

}  // namespace stube::live
