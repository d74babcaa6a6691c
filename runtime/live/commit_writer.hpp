#pragma once

#include "runtime/live/map_context.hpp"
#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/store/store.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stube::live {

enum class save_result { durable, refused, down };

/// A thread that commits all waiting changes in one batch, without added delay: while one batch is
/// synced, the next one gathers. Once a second, the thread checks the place of a store that is a
/// `place_watch`. Threads: any.
class commit_writer {
public:
    using on_saved = std::function<void(save_result, const std::string& why)>;

    /// `storage` and `counts` must outlive the writer.
    commit_writer(store& storage, totals& counts, std::function<void(const std::string&)> on_down);
    ~commit_writer();

    /// `done` is called once, on the executor `on`.
    void submit(storage::change wanted, executor& on, on_saved done);

    /// Writes a failure to the archive of the store, within about a second and without a reply. It
    /// is lost if too many failures wait, if the store refuses it, or if the process ends before.
    void record_failure(storage::archived_failure failed);

    /// Begins to check the place of the store. Called after loading.
    void watch() { is_loaded_ = true; }

    /// Saves all submitted changes and ends the thread. Later changes fail with `down`.
    void stop();

private:
    struct queued_change {
        storage::change wanted;
        executor* on;
        on_saved done;
        save_result result = save_result::durable;
        std::string why;
    };

    void run();
    void save(std::vector<queued_change>& batch);
    void check_place();
    void write_failures(std::vector<storage::archived_failure> failed);
    void go_down(const std::string& why);
    void save_one_by_one(std::vector<queued_change>& batch);
    void fail_all(std::vector<queued_change>& batch, save_result result, const std::string& why);
    static void post_results(std::vector<queued_change> batch);

    store& storage_;
    totals& counts_;
    storage::place_watch* const watch_;  ///< null if the store does not have this capability
    std::function<void(const std::string&)> on_down_;
    mutex mutex_;
    condition_variable wake_;
    std::vector<queued_change> waiting_ STUBE_GUARDED_BY(mutex_);
    std::vector<storage::archived_failure> failures_ STUBE_GUARDED_BY(mutex_);
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    std::atomic<bool> is_loaded_ = false;
    std::chrono::steady_clock::time_point next_failures_;  ///< used only on the thread
    bool down_ = false;                                    ///< used only on the thread
    std::once_flag joined_;
    std::thread thread_;
};

}  // namespace stube::live
