#pragma once

#include "runtime/live/background_thread.hpp"
#include "runtime/live/clocks.hpp"
#include "runtime/live/commit_writer.hpp"
#include "runtime/live/entry.hpp"
#include "runtime/live/timer_queue.hpp"
#include "runtime/live/topic_index.hpp"
#include "runtime/live/work_pool.hpp"

#include <stube/runtime/conversation_map.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// The inside of the live map. Its members stand in files by what they are for: live.cpp has
/// operations and their order, live_load.cpp and live_begin.cpp how conversations come,
/// live_change.cpp how they change, live_leave.cpp how they go, live_background.cpp what happens to
/// them without a user: timers, messages, background work.
namespace stube::live {

struct shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string_view, entry_ptr> entries;  ///< keys live in the entries
};

/// How background work ended, on its way to the conversation that asked for it.
struct work_result {
    std::string id;
    std::uint64_t number = 0;
    answer_value value;
    std::optional<failure> why_not;
    bool is_awaited = false;   ///< by stop()
    bool is_given_up = false;  ///< the component could not be given it
};

using result_ptr = std::shared_ptr<const work_result>;

work_result interrupted_work(const std::string& id, std::uint64_t number);

/// Conversations whose turn it is.
using turns = std::shared_ptr<const std::vector<entry_ptr>>;

struct totals {
    std::atomic<std::size_t> timers_fired = 0;
    std::atomic<std::size_t> messages_delivered = 0;
    std::atomic<std::size_t> messages_lost = 0;
    std::atomic<std::size_t> work_done = 0;
    std::atomic<std::size_t> work_failed = 0;
    std::atomic<std::size_t> work_refused = 0;
    std::atomic<std::size_t> rolled_back = 0;
    std::atomic<std::size_t> expired = 0;
    std::atomic<std::size_t> evicted = 0;
};

class loading;

/// Counts what is under way, and waits for it.
class in_flight {
public:
    void begin() {
        std::lock_guard lock(mutex_);
        ++count_;
    }

    void end() {
        std::lock_guard lock(mutex_);
        if (--count_ == 0) landed_.notify_all();
    }

    bool wait(std::chrono::steady_clock::time_point latest) {
        std::unique_lock lock(mutex_);
        return landed_.wait_until(lock, latest, [this] { return count_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable landed_;
    std::size_t count_ = 0;
};

std::shared_ptr<const update>
make_update(std::uint64_t revision, std::vector<kernel::patch> patches, bool ended = false);

class conversation_map::impl {
public:
    impl(std::unique_ptr<store> storage, conversation_options options);

    load_summary load();
    void mint(
        std::string mount,
        kernel::beginning with,
        std::string owner,
        std::string principal,
        executor& on,
        on_reply done
    );
    void submit(std::string_view id, std::optional<std::string_view> owner, operation op);
    void detach(std::string_view id, const view_stream* stream);
    std::size_t reap();
    std::size_t size() const { return size_; }

    void use(std::vector<executor*> executors) { runners_ = std::move(executors); }

    void publish(std::string_view topic, std::string_view message);
    std::size_t fire_due() { return timers_.fire_due(); }

    conversation_counts counts() const;
    void stop();
    void drop_all();

    kernel::environment world() const {
        return {clocks_.now(), options_.app, options_.app_type, clocks_.shift()};
    }

private:
    shard& shard_of(std::string_view id) {
        return shards_[std::hash<std::string_view>()(id) % shards_.size()];
    }

    entry_ptr find(std::string_view id);
    void add(const entry_ptr& e);
    void remember_end(const entry& e, std::shared_ptr<const update> last);
    bool forget(const entry_ptr& e, std::shared_ptr<const update> last = nullptr);
    void add_loaded(record&& stored, loading& progress);
    void place_loaded(const entry_ptr& e, record&& stored, loading& progress);
    void read_stored(entry& e);
    bool make_usable(const entry_ptr& e);
    void note_rollback(const entry_ptr& e, operation& op);

    void perform(const entry_ptr& e, operation op);
    void look(const entry_ptr& e, operation& op);
    void add_stream(entry& e, const std::shared_ptr<view_stream>& stream);
    bool is_to_begin(const entry& e) const;
    void commit_first(const entry_ptr& e, operation op, kernel::outcome o, bool was_asleep);
    void commit(const entry_ptr& e, operation op, kernel::outcome o);
    void finish(
        const entry_ptr& e,
        const operation& op,
        kernel::outcome o,
        save_result saved,
        const std::string& why
    );
    status settle(
        const entry_ptr& e,
        const operation& op,
        kernel::outcome o,
        save_result saved,
        const std::string& why
    );
    bool take_next(const entry_ptr& e, operation& next);
    void release(const entry_ptr& e);
    void remove(
        const entry_ptr& e,
        std::function<bool(const entry&)> wanted,
        std::string_view why,
        on_reply done
    );
    void make_room_for_owner(const entry_ptr& e);
    bool make_room_for_one();
    void note_eviction(const entry& e, worth was, std::string_view why);
    void drop_unread(const entry_ptr& e);
    bool may_expire();
    void note_removal(save_result saved, const std::string& why);

    executor& runner_of(const entry& e);
    enum class placed {
        nowhere,  ///< it is over, or has too many messages
        first,    ///< it was free: `hand_out` has to follow
        behind,
    };
    placed put_in_line(const entry_ptr& e, operation op);
    void hand_out(const std::vector<entry_ptr>& free);
    void begin_turns(executor& on, turns these, std::size_t from);
    void carry_out(const entry_ptr& e, std::vector<kernel::any_command> requests);
    void stop_component(const entry& e, const kernel::command::stop& what);
    void hold(entry& e, std::vector<kernel::any_command> requests);
    void begin_held(const entry_ptr& e, const operation& op);
    void begin_work(const entry& e, kernel::command::work what);
    void work_ended(const std::string& id, std::uint64_t number, work_pool::result&& how);
    void give_result(work_result what);
    void try_again(const result_ptr& what);
    void fail_instead(const work_result& what);
    operation result_operation(const result_ptr& what);
    operation clock_operation();
    bool is_due(const entry_ptr& e);
    void note_topics(const entry_ptr& e);
    void forget_topics(const entry_ptr& e);
    void deliver_missed(const entry_ptr& e, const topic_index::missed& what);
    operation message_operation(const letter_ptr& what);
    void note_due(const entry_ptr& e);
    void note_setback(const entry_ptr& e, const operation& op, status how);
    void ring(const std::vector<std::string>& ids);
    void begin_again(const std::vector<entry_ptr>& loaded);
    void date_loaded(loading& progress);
    void stop_work();

    reply tell(const entry_ptr& e, status what, std::shared_ptr<const update> news);
    std::string log_failure(const entry& e, const std::string& error);
    reply report_failure(const entry_ptr& e, const std::string& error);
    void forget_sent(entry& e, const std::vector<instance_id>& these);
    void check_markup(const conversation& of);
    void show_blind_pages(entry& e, std::vector<kernel::patch>& patches);
    reply answer_for(condition state, const entry& e) const;
    reply answer_for_ended(std::string_view id, std::optional<std::string_view> owner) const;
    void keep_notices(entry& e, const operation& op, const std::shared_ptr<const update>& news);
    bool needs_save(const entry& e, const kernel::outcome& o) const;
    change change_for(const entry& e, const kernel::outcome& o) const;
    void check_size(const entry& e, kernel::outcome& o, bool is_encoded) const;
    void note_use(const entry_ptr& e);
    void warn_not_durable(entry& e, const conversation& next);
    void store_down(const std::string& why);

    std::unique_ptr<store> storage_;
    conversation_options options_;
    const clocks clocks_;
    std::array<shard, 64> shards_;
    ownership owners_;
    unused_ones unused_;
    recently_ended ended_;
    std::atomic<std::size_t> size_ = 0;
    std::atomic<std::size_t> arriving_ = 0;  ///< being minted
    std::atomic<std::size_t> leaving_ = 0;   ///< to make room
    std::atomic<bool> closed_ = false;       ///< stopped, or the store is down
    std::once_flag stopped_;
    std::vector<executor*> runners_;
    totals totals_;
    reported_once reported_;
    topic_index topics_;
    in_flight results_;

    struct {
        std::mutex mutex;
        std::chrono::milliseconds clock_shift = {};  ///< as it was known last
        steady_time not_before;                      ///< nothing expires so long
        std::uint8_t setbacks = 0;                   ///< since the store has removed one
    } expiry_;

    // last: their threads use the rest
    background_thread background_;
    std::unique_ptr<commit_writer> saver_;
    work_pool work_;
    timer_queue timers_;
};

}  // namespace stube::live
