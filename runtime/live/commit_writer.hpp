#pragma once

#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/store/store.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stube::live {

enum class save_result { durable, refused, down };

/// A thread that commits all waiting changes in one batch, without added delay: while one batch is
/// synced, the next one gathers. Threads: any. `done` runs on the executor it was submitted
/// with. Once a second it asks a store that is a `place_watch` whether its place is still there.
class commit_writer {
public:
    using on_saved = std::function<void(save_result, const std::string& why)>;

    commit_writer(store& storage, std::function<void(const std::string&)> on_down);
    ~commit_writer();

    void submit(storage::change what, executor& on, on_saved done);

    /// The store has been loaded: its place is checked from now on.
    void watch() { is_loaded_ = true; }

    /// Saves all submitted changes and ends the thread. Later changes fail with `down`.
    void stop();

private:
    struct item {
        storage::change what;
        executor* on;
        on_saved done;
        save_result result = save_result::durable;
        std::string why;
    };

    void run();
    void save(std::vector<item>& batch);
    void check_place();
    void go_down(const std::string& why);
    void save_one_by_one(std::vector<item>& batch);
    void fail_all(std::vector<item>& batch, save_result result, const std::string& why);
    static void hand_back(std::vector<item> batch);

    store& storage_;
    storage::place_watch* const watch_;  ///< null if the store is none
    std::function<void(const std::string&)> on_down_;
    mutex mutex_;
    condition_variable wake_;
    std::vector<item> waiting_ STUBE_GUARDED_BY(mutex_);
    bool stopping_ STUBE_GUARDED_BY(mutex_) = false;
    std::atomic<bool> is_loaded_ = false;
    bool down_ = false;  // only touched by the thread
    std::once_flag joined_;
    std::thread thread_;
};

}  // namespace stube::live
