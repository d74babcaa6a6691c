#pragma once

#include <stube/store/store.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Optional capabilities of a store for its upkeep: finding old heads of the archive, checking the
/// archive, and erasing conversations.
namespace stube::storage {

/// A head in the order in which the heads of all conversations were appended. Not verified.
struct appended_head {
    std::string id;
    std::uint64_t head = 0;
    std::int64_t time = 0;       ///< milliseconds since 1970
    std::uint64_t position = 0;  ///< for `change::position`
};

/// A slice of the archive.
struct appended_heads {
    std::vector<appended_head> heads;  ///< in ascending order of their positions
    std::uint64_t last_position = 0;   ///< where the next slice begins; 0 at the end
};

/// A part of the archive that does not match the rest.
struct archive_fault {
    std::string id;
    std::uint64_t head = 0;  ///< 0 if the fault does not belong to one head
    std::string why;
};

/// The result of a check of the archive.
struct archive_check {
    std::uint64_t conversations = 0;
    std::uint64_t heads = 0;
    std::uint64_t bodies = 0;           ///< bodies of parts that a head or a trimmed state needs
    std::uint64_t garbage = 0;          ///< rows that nothing needs; counted only by a deep check
    std::vector<archive_fault> faults;  ///< the first hundred
    std::uint64_t fault_count = 0;
    std::vector<std::string> erasures;  ///< one line for each erasure that was recorded
};

enum class check_depth {
    quick,  ///< the chains of heads, and the ids that aliases, forks and conversations name
    deep,   ///< also every digest and every body, and rows that nothing needs
};

/// The upkeep of an `archive`.
/// Threads: `appended_after` any; `check_archive` the thread that saves.
/// Errors: `store_refused` if the archive cannot be read.
class archive_upkeep {
public:
    virtual ~archive_upkeep() = default;

    /// The heads after a position (0 for the first slice), from at most `rows` rows. Reading in
    /// slices costs the same whatever the archive has.
    virtual appended_heads appended_after(std::uint64_t position, std::size_t rows) = 0;

    /// Reads the whole archive. Damage is a result, not an error.
    virtual archive_check check_archive(check_depth depth) = 0;
};

/// A text that a store keeps of a conversation.
struct stored_text {
    enum class place { current, archive, quarantine };

    std::string_view id;  ///< as it is stored, so of any form in a damaged row
    place where = place::current;
    std::string_view text;  ///< JSON: a part, or the event or the other data of a head
};

/// Names the conversations to erase.
struct erasure {
    std::vector<std::string> conversations;  ///< wholly, with their archive and quarantined parts
    /// Only their archive. The current state stays, and the next commit begins a new archive.
    std::vector<std::string> histories;
    std::int64_t time = 0;  ///< milliseconds since 1970, for the record
};

/// The numbers of deleted conversations and heads.
struct erased_counts {
    std::uint64_t conversations = 0;  ///< those that had a current state
    std::uint64_t archived = 0;       ///< those whose archive was deleted
    std::uint64_t heads = 0;
};

/// Erases conversations so that none of their bytes remain in the files of the store. The blocks of
/// the disk that the files have left, copies and backups are outside of its reach.
/// Threads: the thread that saves, after `load_all`.
class eraser {
public:
    virtual ~eraser() = default;

    /// Calls `each` for every text of every conversation, damaged ones included. Throws
    /// `store_refused` if the store cannot be read.
    virtual void each_text(const std::function<void(const stored_text&)>& each) = 0;

    /// The conversations that began as a fork of one of these.
    virtual std::vector<std::string> forks_of(std::span<const std::string> ids) = 0;

    /// Erases. An erasure that was interrupted is finished by the next call, also by one without
    /// ids. The SQLite store rewrites its database, so it needs as much space on the disk again,
    /// and records the time and the numbers. Throws `store_refused` or `store_unknown`.
    virtual erased_counts erase(const erasure& what) = 0;

    /// The files that contain one of these texts: those of the store, and the copies beside it that
    /// `erase` does not change.
    virtual std::vector<std::string> files_with(std::span<const std::string> texts) = 0;
};

}  // namespace stube::storage
