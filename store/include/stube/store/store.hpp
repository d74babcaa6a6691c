#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The interface between the conversation map and a store. A store keeps the bytes of conversations
/// under their ids. It does not depend on components, HTTP or coroutines.
namespace stube::storage {

/// One named piece of a conversation: JSON text. A conversation is stored in parts, so that a save
/// of one event writes only what changed, however large the conversation is. Every conversation has
/// a part "head"; a tombstone may lack it.
struct part {
    std::string name;  ///< at most 64 characters of [a-z0-9_]
    std::string body;  ///< JSON text in UTF-8; stores return it byte for byte and never parse it

    friend bool operator==(const part&, const part&) = default;
};

/// The kind of a stored record.
enum class record_status {
    kept,       ///< a conversation, which consists of the parts
    tombstone,  ///< in place of a conversation that could not be kept (it held a live coroutine)
};

/// One whole conversation as it is stored.
struct record {
    std::string id;              ///< at most 64 characters of [A-Za-z0-9_-]
    std::uint64_t revision = 0;  ///< grows with every save; at most 2^63 - 1
    record_status status = record_status::kept;
    /// In no particular order. A tombstone may have a "head" that records its owner.
    std::vector<part> parts;

    friend bool operator==(const record&, const record&) = default;
};

enum class change_kind {
    create,   ///< the first save: `written` has all parts; a conflict if the id is stored
    replace,  ///< `written` has all parts: every other part of this id is deleted
    update,   ///< `written` replaces or adds parts, `dropped` deletes parts, the rest stays
    remove,   ///< deletes the conversation; an id that is not stored is not an error
    trim,     ///< deletes old heads of the archive; the conversation does not change
};

/// A head of another conversation, from which a conversation was forked.
struct fork_origin {
    std::string id;
    std::uint64_t head = 0;

    friend bool operator==(const fork_origin&, const fork_origin&) = default;
};

/// One commit of a conversation for a store that keeps an `archive`: an immutable head. The number
/// of a head is the revision of its commit. A revision that the archive of the conversation has
/// reached already, because the id was removed and created again, is a `store_conflict`.
struct archived_commit {
    std::uint64_t parent = 0;  ///< the head that the commit continues; 0 for the first
    std::int64_t time = 0;     ///< milliseconds since 1970
    std::string event;         ///< JSON: the cause of the commit
    std::string about;         ///< JSON: data of this revision that is in none of the parts
    /// True: `written` has all parts of the conversation. False: the parts of the conversation's
    /// newest head with `written` added or replaced and `dropped` deleted. If the newest head is
    /// not of the stored revision, because saves between were not recorded, the archive takes the
    /// other parts from `change::written` of these saves, as they are stored.
    bool is_whole = true;
    std::vector<part> written;
    std::vector<std::string> dropped;
    std::optional<fork_origin> origin;  ///< of the first head of a fork
    /// Names that the conversation has from now on, also after its end: 1 to 200 bytes of UTF-8
    /// without control characters. An alias of another conversation is a conflict.
    std::vector<std::string> aliases;
};

/// One change of one conversation, as the conversation map passes it to `store::save`.
struct change {
    std::string id;
    change_kind kind = change_kind::replace;
    /// `replace` and `update` are a conflict unless the id is stored with a lower revision. So a
    /// save that arrives late, after `remove`, never brings a conversation back. A `remove` uses it
    /// only for the number of the head of its `commit`. A `trim` deletes the head with this number
    /// and every head before it.
    std::uint64_t revision = 0;
    record_status status = record_status::kept;
    std::vector<part> written;
    std::vector<std::string> dropped;  ///< names of parts, never "head"; only for `update`
    /// Appended to the archive in the same transaction, as the head with the number `revision`,
    /// also for `remove`. It is a conflict if the archive has that head or a later one. Null: the
    /// archive does not record this change. A store without an archive ignores it.
    std::shared_ptr<const archived_commit> commit = nullptr;
    /// Of a `remove`: the archive deletes the conversation too, with its aliases and derivations.
    /// Its `commit` is ignored. The other removals leave the heads in the archive.
    bool forgets = false;
    /// Of a `trim`: `appended_head::position` of the head with the number `revision`
    /// (<stube/store/upkeep.hpp>). All other heads stay readable, with their states and digests.
    /// The newest head is never trimmed, nor the one before it if the newest has no parts: that is
    /// the state before the end. Such a `trim`, or one whose position has another head, is a
    /// conflict. A head that was trimmed already is not an error. A store without an archive
    /// refuses a `trim`.
    std::uint64_t position = 0;
};

/// A stored conversation that could not be read. Its bytes are kept at `where`.
struct unreadable_record {
    std::string id;  ///< empty if it is not known
    std::string why;
    std::string where;
};

struct load_report {
    std::uint64_t loaded = 0;
    std::vector<unreadable_record> quarantined;
    std::vector<std::string> warnings;  ///< about the store as a whole, for an operator
};

}  // namespace stube::storage

namespace stube {

/// The store refused the call and changed nothing (disk full, quota, a conversation of a newer
/// format). The store remains usable.
class store_refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A change does not follow the stored state: the id of a `create` is stored already, or the
/// conversation of a `replace` or an `update` is not stored, or not with a lower revision. Nothing
/// was changed. Another attempt fails in the same way.
class store_conflict : public store_refused {
public:
    using store_refused::store_refused;
};

/// Stored bytes are damaged. Nothing was changed. Another attempt fails in the same way.
class store_damaged : public store_refused {
public:
    using store_refused::store_refused;
};

/// The stored state is older than a state that was known to be durable: an older copy was put back,
/// or the end of the store was lost. what() advises the operator. Nothing was changed.
class store_rolled_back : public store_refused {
public:
    using store_refused::store_refused;
};

/// The outcome is not known: the data may be on the disk or not (a sync failed). The store refuses
/// every further change. Only a restart, which reads the disk, can find out.
class store_unknown : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Keeps conversations.
/// Threads: one caller at a time; the calling thread may change between calls.
/// Errors: `load_all` reports a place that cannot be used (not writable, owned by another process,
/// not a store, a newer format), so that `start(port, sqlite_store(file))` can print it as one
/// line.
class store {
public:
    store() = default;
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    virtual ~store() = default;

    /// Calls `each` once for every stored conversation, in no particular order. A record that
    /// cannot be read is quarantined with its bytes and reported; the others still load. Called
    /// once, before any save. Throws `store_refused` if the place as a whole cannot be read, and
    /// whatever `each` throws.
    virtual storage::load_report load_all(const std::function<void(storage::record&&)>& each) = 0;

    /// Applies the whole batch, all or nothing, and returns when it is durable. A batch has at most
    /// one change of each conversation. Each store documents what a crash in the middle of the call
    /// leaves; every store guarantees that each conversation is whole, old or new.
    ///
    /// Throws `store_refused` (nothing was changed), also for a batch that `check_batch` rejects;
    /// `store_conflict` for a change that does not follow the stored state; or `store_unknown`.
    virtual void save(std::span<const storage::change> batch) = 0;

    /// True if the store can apply `change_kind::update`. Other stores always receive whole
    /// conversations.
    virtual bool saves_parts() const { return false; }

    /// False if the store keeps nothing. Then the conversation map does not encode conversations.
    virtual bool keeps() const { return true; }
};

}  // namespace stube

namespace stube::storage {

/// An optional capability of a store: it detects that the files it writes to are no longer the
/// files it opened. Every write into a deleted or replaced file succeeds, and the data is lost.
/// The conversation map calls this about once a second, on the thread that saves.
class place_watch {
public:
    virtual ~place_watch() = default;

    /// Throws `store_unknown` if a file was deleted or replaced; the store then refuses every
    /// further change. Called after `load_all`.
    virtual void check_place() = 0;
};

/// A head as the archive returns it.
struct archived_head {
    std::uint64_t number = 0;
    std::uint64_t parent = 0;
    std::int64_t time = 0;
    std::string event;
    std::string about;
    /// SHA-256 of the head's content, of the digests of its parts and of the digest of the head
    /// before it.
    std::array<std::uint8_t, 32> digest = {};
};

/// A head with all parts that the conversation had then, in no particular order.
struct archived_state {
    archived_head head;
    std::vector<part> parts;
};

/// A conversation that was forked from another one.
struct derivation {
    std::string id;
    fork_origin origin;
};

/// A turn that failed, so that it has no commit: its cause and its exception.
struct archived_failure {
    std::string id;                ///< of the conversation
    std::uint64_t after_head = 0;  ///< the newest head at that time
    std::int64_t time = 0;         ///< milliseconds since 1970
    std::string event;             ///< JSON: the cause
    std::string why;               ///< the exception

    friend bool operator==(const archived_failure&, const archived_failure&) = default;
};

/// An archive keeps this many failures of each conversation, and of all together. Older ones are
/// deleted, so that a client cannot fill the disk.
inline constexpr std::size_t kept_failures = 20;
inline constexpr std::size_t all_kept_failures = 10'000;

/// The limit for `event` and `why` of a failure together, in bytes.
inline constexpr std::size_t longest_failure = 16'384;

/// A commit as the archive returns it in the order of all commits.
struct logged_commit {
    std::uint64_t position = 0;  ///< rises from commit to commit, with gaps; never 0
    std::string id;
    archived_head head;
    /// True: `written` has all parts, and every other part is gone. A commit may have a whole list
    /// although its change was an update.
    bool is_whole = true;
    std::vector<part> written;         ///< at least the parts that the commit changed
    std::vector<std::string> dropped;  ///< names of parts; empty if the list is whole
    /// The reason why the archive cannot read this commit; empty if it can. A damaged commit has
    /// only its position, and its id if that is readable.
    std::string damage;
};

/// An optional capability of a store: it keeps every commit of every conversation, also after the
/// conversation has ended. Heads are appended and never changed. Old heads can be deleted
/// (`change_kind::trim`, `change::forgets`), so a `parent` may name a head that is not kept.
/// Threads: any, also while another thread saves. A call sees the saves that returned before it.
/// Errors: `store_refused` if the archive cannot be read, or if its content does not match its
/// digests.
class archive {
public:
    virtual ~archive() = default;

    /// False if the store was opened without its archive. Then no other member may be called, nor
    /// before `load_all`.
    virtual bool keeps_archive() const = 0;

    /// The heads of a conversation, the newest first: those with a number below `before`, at most
    /// `count`. Heads of all branches are included. Empty if the conversation is not archived.
    virtual std::vector<archived_head>
    heads(std::string_view id, std::uint64_t before, std::size_t count) = 0;

    /// The first head of a conversation that is still there. Reads no other head, except for its
    /// link to the one before. Empty if the conversation is not archived.
    virtual std::optional<archived_head> oldest_head(std::string_view id) = 0;

    /// The state at a head. Empty if there is no such head.
    virtual std::optional<archived_state> state(std::string_view id, std::uint64_t head) = 0;

    /// The id of the conversation that has this alias.
    virtual std::optional<std::string> find_alias(std::string_view name) = 0;

    /// The aliases of a conversation, in alphabetical order.
    virtual std::vector<std::string> aliases(std::string_view id) = 0;

    /// The fork that a conversation began as, if it did, and its own forks.
    virtual std::vector<derivation> derivations(std::string_view id) = 0;

    /// The newest failures of a conversation, the oldest first. They end with `change::forgets`.
    virtual std::vector<archived_failure> failures(std::string_view id) = 0;

    /// Appends failures, all or nothing. Ignores those of conversations without a head. Threads:
    /// as `store::save`. Throws `store_refused` (nothing was changed), also for a failure that
    /// `check_failure` rejects; or `store_unknown`.
    virtual void append_failures(std::span<const archived_failure> failed) = 0;

    /// The commits of all conversations after a position, in the order of their append, at most
    /// `count`. Position 0 is before the first one. A damaged commit is returned as such, so that a
    /// reader can continue behind it. Commits of a forgotten conversation are absent. After a crash
    /// that has lost the last commits, later ones may get their positions; their digests differ.
    virtual std::vector<logged_commit> commits_after(std::uint64_t position, std::size_t count) = 0;

    /// The commits of one conversation, the oldest first, from the head with the number `first` on;
    /// 0 means all of them. The first commit has all parts. The call reads each of these heads
    /// once. Empty if no head has this number. A damaged commit is an error, as in `state`.
    virtual std::vector<logged_commit> commits_of(std::string_view id, std::uint64_t first) = 0;

    /// The state at the commit with this position. Empty if there is no such commit.
    virtual std::optional<archived_state> state_at(std::uint64_t position) = 0;

    /// The place for a `query_index` beside the archive; empty if the archive is not on a disk.
    virtual std::string index_file() const { return {}; }
};

/// The archive of a store. Null if the store keeps none.
archive* archive_of(store& from);

/// Throws std::invalid_argument unless the id is valid.
void check_id(std::string_view id);

/// Throws std::invalid_argument unless the name is valid.
void check_part_name(std::string_view name);

/// Throws std::invalid_argument unless the name is valid as an alias.
void check_alias(std::string_view name);

/// Throws std::invalid_argument unless a change is valid: its id, its revision, the names of its
/// parts, no part named twice, and bodies in UTF-8; its commit likewise, also for a store without
/// an archive. JSON is not parsed. A caller that checks a
/// change before it joins a batch keeps one bad change from failing the others.
void check_change(const change& change);

/// Throws std::invalid_argument unless a failure is valid: its id, its head, its texts in UTF-8,
/// and their length.
void check_failure(const archived_failure& failed);

/// Checks a whole batch with `check_change`, and that no conversation occurs twice. Throws
/// `store_refused`. Every store calls this first in `save`.
void check_batch(std::span<const change> batch);

/// Checks that a change follows the stored state. `stored` points to the stored revision; null if
/// the id is not stored. Throws `store_conflict`. Every store that keeps anything calls this in
/// `save` for each change.
void check_follows(const change& change, const std::uint64_t* stored);

}  // namespace stube::storage
