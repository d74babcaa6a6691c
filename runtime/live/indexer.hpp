#pragma once

#include "runtime/kernel/index_builder.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/mutex.hpp"

#include <stube/store/query_index.hpp>
#include <stube/store/store.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace stube::live {

/// Keeps the query index of an archive up to date, on a thread of its own. It reads new commits ten
/// times a second, so a save does no work for the index and never waits for it.
///
/// The file is rebuilt from the archive if it is missing, damaged, of another release, or of
/// another archive. If it is deleted while the server runs, the open file remains in use, and the
/// next start rebuilds it.
/// Threads: any.
class indexer {
public:
    explicit indexer(map_context& context) : context_(context) {}
    ~indexer() { stop(); }
    indexer(const indexer&) = delete;
    indexer& operator=(const indexer&) = delete;

    /// Opens the index of the archive and begins. Does nothing for an archive that is not on a
    /// disk. An index that cannot be opened is logged, and the server continues without one.
    void start(storage::archive& from);

    /// Ends the thread. The next start continues with the remaining commits. Idempotent.
    void stop();

    /// Null if there is no index.
    storage::query_index* index() { return index_ ? &*index_ : nullptr; }

    /// Called before heads of these conversations are deleted from the archive. `end_deletion`
    /// follows for each of them. If the process ends before, the next start does the same. Throws
    /// `store_refused`.
    void begin_deletion(std::span<const std::string> ids);

    /// Lets the thread delete from the index what the archive does not have any more of the
    /// conversation. A failure is logged, and the next start tries again.
    void end_deletion(const std::string& id);

    /// The last commit that the index has considered.
    std::uint64_t position() const { return position_; }

    /// The time since the index last had all commits of the archive; since the start if it has not
    /// had them yet. Also grows if the thread hangs or fails. Empty if there is no index.
    std::optional<std::chrono::milliseconds> behind() const;

private:
    void run();
    void prepare();
    bool take_page();
    void rebuild(const std::string& why);
    bool is_stopping() const;
    bool wait();
    void finish();
    void finish_deletions_of_last_process();
    void end_deletions();
    void delete_from_index(const std::string& id);

    map_context& context_;
    storage::archive* archive_ = nullptr;
    std::optional<storage::query_index> index_;
    std::optional<kernel::index_builder> builder_;
    std::atomic<std::uint64_t> position_ = 0;
    std::atomic<steady_time> complete_at_ = steady_time();  ///< see behind()

    // Only for the thread.
    bool has_failed_ = false;  ///< the last page was not applied
    /// Conversations whose bytes the log of the index still has, with the number of deletions.
    std::map<std::string, std::size_t> deleted_;

    mutex deletions_mutex_;  ///< locked before `mutex_`
    /// The deletions that have not ended, as the index records them, with their number.
    std::map<std::string, std::size_t> begun_ STUBE_GUARDED_BY(deletions_mutex_);

    mutable mutex mutex_;
    condition_variable stopped_;
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    /// Deletions that the archive has done.
    std::vector<std::string> done_ STUBE_GUARDED_BY(mutex_);
    std::once_flag joined_;
    std::thread thread_;
};

}  // namespace stube::live
