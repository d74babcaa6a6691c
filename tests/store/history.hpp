#pragma once

#include "support.hpp"

#include <cstdint>
#include <vector>

/// A long run of random saves, for the tests of faults, power loss and corruption.
namespace store_test {

/// Batches, and the state that must be stored after each of them.
struct history {
    std::vector<std::vector<change>> batches;
    std::vector<contents> states;  ///< states[n]: after n batches
};

struct history_options {
    unsigned seed = 1;
    std::size_t batches = 200;
    bool in_parts = true;        ///< with updates; otherwise only whole conversations
    std::size_t largest = 3000;  ///< the maximum size of a body in bytes
    std::size_t conversations = 12;
    bool with_commits = false;  ///< most changes have a commit, and old heads are trimmed
};

/// Conversations are created, updated, replaced, turned into tombstones and removed, up to three in
/// a batch. All bodies differ.
history make_history(const history_options& options);

/// The archive after `batches` batches.
archive_contents archive_after(const history& all, std::size_t batches);

/// The batch with the positions of the heads that it trims, which only the store knows.
std::vector<change> with_positions(stube::store& loaded, std::vector<change> batch);

/// Checks the heads of all conversations against the archive of a store that was just loaded, and
/// the newest state of each conversation and one older one. Does nothing for a store without one.
void check_archive(stube::store& loaded, const archive_contents& expected);

/// The changes of a batch that `found` does not contain. A crash in the middle of a batch may leave
/// some of its changes stored.
std::vector<change> not_yet_in(const contents& found, const std::vector<change>& batch);

/// True if each conversation is as in `before` or as in `after`.
bool is_a_mixture(const contents& found, const contents& before, const contents& after);

/// A temporary folder in memory, if the system supports that.
class quick_folder {
public:
    quick_folder();
    quick_folder(const quick_folder&) = delete;
    quick_folder& operator=(const quick_folder&) = delete;
    ~quick_folder();

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// Opens an SQLite store in a folder.
struct sqlite_kind {
    static constexpr bool whole_batches = true;  ///< a crash leaves whole batches
    static constexpr bool keeps_archive = false;
    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::sqlite_store(folder / "kept.db");
    }
};

/// Opens an SQLite store with its archive in a folder.
struct archive_kind : sqlite_kind {
    static constexpr bool keeps_archive = true;
    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::sqlite_store(folder / "kept.db", {.archive = true});
    }
};

/// Opens a file store in a folder.
struct file_kind {
    static constexpr bool whole_batches = false;
    static constexpr bool keeps_archive = false;
    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::file_store(folder / "kept");
    }
};

/// Replaces `to` by a copy of `from` as `kill -9` would leave it, without locks and without
/// SQLite's shared memory.
void copy_as_killed(const fs::path& from, const fs::path& to);

/// The value of an environment variable such as STUBE_SEED, or `otherwise`.
unsigned from_environment(const char* name, unsigned otherwise);

}  // namespace store_test
