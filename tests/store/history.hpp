#pragma once

#include "contract.hpp"

#include <cstdint>
#include <vector>

/// The long run of saves that the tests of faults, power loss and corruption share.
namespace store_test {

/// What is saved, and what must be stored after each batch.
struct history {
    std::vector<std::vector<change>> batches;
    std::vector<contents> states;  ///< states[n]: after n batches
};

struct history_options {
    unsigned seed = 1;
    std::size_t batches = 200;
    bool in_parts = true;        ///< with updates; else of whole conversations
    std::size_t largest = 3000;  ///< bytes of a body
    std::size_t conversations = 12;
};

/// Conversations begin, change in parts, are written anew, marked as not kept, and end; up to three
/// of them in a batch. Every body is another.
history make_history(const history_options& options);

/// The changes of a batch that are not in `found` yet. A crash in the middle of a batch may leave
/// some of them in force.
std::vector<change> not_yet_in(const contents& found, const std::vector<change>& batch);

/// Each conversation is as in `one` or as in `other`.
bool is_a_mixture(const contents& found, const contents& one, const contents& other);

/// A folder of its own in memory, if the system has such a place.
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

/// Stores by the folder that they are kept in.
struct sqlite_kind {
    static constexpr bool whole_batches = true;  ///< survive a crash
    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::sqlite_store(folder / "kept.db");
    }
};

struct file_kind {
    static constexpr bool whole_batches = false;
    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::file_store(folder / "kept");
    }
};

/// Copies what is stored in `from` as kill -9 would leave it: the locks and what lives in memory
/// only are left out. `to` is emptied first.
void copy_as_killed(const fs::path& from, const fs::path& to);

/// The value of an environment variable, or `otherwise`: STUBE_SEED, and how often.
unsigned from_environment(const char* name, unsigned otherwise);

}  // namespace store_test
