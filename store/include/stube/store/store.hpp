#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The ground under the kernel: a store keeps the bytes of conversations under their ids.
/// It knows nothing of components, HTTP or coroutines.
namespace stube {

/// One named piece of a conversation: JSON text. A conversation is kept in parts so that saving one
/// event of a large conversation writes what changed, not what exists. The name "head" is always
/// there.
struct part {
    std::string name;  ///< at most 64 characters of [a-z0-9_]
    std::string body;  ///< JSON text in UTF-8; comes back byte for byte, no store looks into it

    friend bool operator==(const part&, const part&) = default;
};

/// What a stored record is for.
enum class keeping {
    kept,      ///< the parts are the conversation
    not_kept,  ///< a mark: the conversation could not be kept (it held a live coroutine)
};

/// One whole conversation as it is stored.
struct record {
    std::string id;              ///< text-safe, at most 64 characters of [A-Za-z0-9_-]
    std::uint64_t revision = 0;  ///< grows with every save; at most 2^63 - 1
    keeping status = keeping::kept;
    /// In no particular order. A mark may carry a "head" that says whose it was.
    std::vector<part> parts;

    friend bool operator==(const record&, const record&) = default;
};

/// One change of one conversation, as the kernel hands it to `store::save`.
struct change {
    enum class kind {
        create,   ///< the first save: `written` is all there is; a conflict if the id is stored
        replace,  ///< `written` is all there is: forget any other part of this id
        update,   ///< `written` replaces or adds parts, `dropped` removes parts, the rest stays
        remove,   ///< forget the conversation; removing what is not there is not an error
    };

    std::string id;
    kind what = kind::replace;
    /// For `replace` and `update` the id must be stored with a lower one, else it is a conflict: so
    /// a save that comes late, after `remove`, never brings a conversation back. Unused by
    /// `remove`.
    std::uint64_t revision = 0;
    keeping status = keeping::kept;
    std::vector<part> written;
    std::vector<std::string> dropped;  ///< names of parts, never "head"; only for `update`
};

/// Something stored that could not be read. Its bytes are kept where `where` says.
struct unreadable {
    std::string id;  ///< as far as it is known
    std::string why;
    std::string where;
};

struct load_report {
    std::uint64_t loaded = 0;
    std::vector<unreadable> quarantined;
    std::vector<std::string> warnings;  ///< of the store as a whole; an operator should see them
};

/// The store refused and changed nothing (disk full, quota, a conversation of a newer format). The
/// store can be used further.
class store_refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A change that does not follow what is stored: the id of a `create` is taken, or a `replace` or
/// an `update` finds no conversation, or one that is not older. Nothing was changed, and trying
/// again would not help.
class store_conflict : public store_refused {
public:
    using store_refused::store_refused;
};

/// What is stored is older than what was known to be durable: an old copy was put back, or the end
/// was lost. what() says what to do. Nothing was changed.
class store_rolled_back : public store_refused {
public:
    using store_refused::store_refused;
};

/// The outcome is not known: the data may be on the disk or not (a sync failed). The store refuses
/// every further change; only a restart, which reads what is really there, can tell.
class store_unknown : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Keeps conversations.
/// Threads: one caller at a time; the caller may change between calls.
/// Errors: a place that cannot be used (not writable, owned by another process, not a store, newer
/// format) is told by `load_all`, so that `start(port, sqlite_store(file))` can say it in one line.
class store {
public:
    store() = default;
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    virtual ~store() = default;

    /// Calls `each` once for every stored conversation, in no particular order. One bad record is
    /// set aside with its bytes kept and reported; it never stops the others. Called once, before
    /// any save. Throws `store_refused` when the place as a whole cannot be read, and whatever
    /// `each` throws.
    virtual load_report load_all(const std::function<void(record&&)>& each) = 0;

    /// Applies the whole batch, all or nothing, and returns when it is durable. A batch holds at
    /// most one change of each conversation. What a crash in the middle of the call leaves is each
    /// store's own promise: at the least, every conversation is whole, old or new.
    ///
    /// Throws `store_refused` (nothing was changed), also for a batch that `check_batch` does not
    /// pass, and as `store_conflict` for a change that does not follow what is stored; or
    /// `store_unknown`.
    virtual void save(std::span<const change> batch) = 0;

    /// True if the store can apply `change::kind::update`. The others are always given whole
    /// conversations.
    virtual bool saves_parts() const { return false; }

    /// False if nothing outlives the process, so that the kernel need not encode anything.
    virtual bool keeps() const { return true; }
};

/// What a store may be as well: one that finds out whether what it writes to is still what it was
/// opened with. A file that somebody has deleted or replaced takes every save and keeps nothing.
/// The live map asks about once a second, on the thread that saves.
class place_watch {
public:
    virtual ~place_watch() = default;

    /// Throws `store_unknown` if it is not; the store refuses every further change then. Comes
    /// after `load_all`.
    virtual void check_place() = 0;
};

/// Refuse what breaks the promises above: ids, names, a part named twice, a body that is not UTF-8.
/// JSON is not parsed. Calling `check_change` before a change joins a batch keeps one bad change
/// from failing its neighbours. Throw std::invalid_argument.
void check_id(std::string_view id);
void check_part_name(std::string_view name);
void check_change(const change& one);

/// What every store begins a save with: `check_change` for each, and no conversation twice. Throws
/// `store_refused`.
void check_batch(std::span<const change> batch);

/// What every store that keeps anything asks of each change next: that it follows what is stored,
/// whose revision is `stored`, or null if there is none. Throws `store_conflict`.
void check_follows(const change& one, const std::uint64_t* stored);

}  // namespace stube
