#pragma once

#include "runtime/background_thread.hpp"
#include "runtime/clocks.hpp"
#include "runtime/live_entry.hpp"
#include "runtime/saver.hpp"
#include "runtime/timer_queue.hpp"
#include "runtime/topic_index.hpp"
#include "runtime/work_pool.hpp"

#include <stube/runtime/live.hpp>

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
namespace stube {

namespace live {

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
make_update(std::uint64_t revision, std::vector<patch> patches, bool ended = false);

}  // namespace live

class live_map::impl {
public:
    impl(std::unique_ptr<store> storage, live_options options);

    load_summary load();
    void mint(
        std::string mount,
        beginning with,
        std::string owner,
        std::string principal,
        runner& on,
        on_reply done
    );
    void submit(std::string_view id, std::optional<std::string_view> owner, live::operation op);
    void detach(std::string_view id, const view_stream* stream);
    std::size_t reap();
    std::size_t size() const { return size_; }

    void use(std::vector<runner*> runners) { runners_ = std::move(runners); }

    void publish(std::string_view topic, std::string_view message);
    std::size_t fire_due() { return timers_.fire_due(); }

    live_counts counts() const;
    void stop();
    void drop_all();

    surroundings world() const {
        return {clocks_.now(), options_.app, options_.app_type, clocks_.shift()};
    }

private:
    live::shard& shard_of(std::string_view id) {
        return shards_[std::hash<std::string_view>()(id) % shards_.size()];
    }

    live::entry_ptr find(std::string_view id);
    void add(const live::entry_ptr& e);
    void remember_end(const live::entry& e, std::shared_ptr<const update> last);
    bool forget(const live::entry_ptr& e, std::shared_ptr<const update> last = nullptr);
    void add_loaded(record&& stored, live::loading& progress);
    void place_loaded(const live::entry_ptr& e, record&& stored, live::loading& progress);
    void read_stored(live::entry& e);
    bool make_usable(const live::entry_ptr& e);
    void note_rollback(const live::entry_ptr& e, live::operation& op);

    void perform(const live::entry_ptr& e, live::operation op);
    void look(const live::entry_ptr& e, live::operation& op);
    void add_stream(live::entry& e, const std::shared_ptr<view_stream>& stream);
    bool is_to_begin(const live::entry& e) const;
    void commit_first(const live::entry_ptr& e, live::operation op, outcome o, bool was_asleep);
    void commit(const live::entry_ptr& e, live::operation op, outcome o);
    void finish(
        const live::entry_ptr& e,
        const live::operation& op,
        outcome o,
        save_result saved,
        const std::string& why
    );
    status settle(
        const live::entry_ptr& e,
        const live::operation& op,
        outcome o,
        save_result saved,
        const std::string& why
    );
    bool take_next(const live::entry_ptr& e, live::operation& next);
    void release(const live::entry_ptr& e);
    void remove(
        const live::entry_ptr& e,
        std::function<bool(const live::entry&)> wanted,
        std::string_view why,
        on_reply done
    );
    void make_room_for_owner(const live::entry_ptr& e);
    bool make_room_for_one();
    void note_eviction(const live::entry& e, live::worth was, std::string_view why);
    void drop_unread(const live::entry_ptr& e);
    bool may_expire();
    void note_removal(save_result saved, const std::string& why);

    runner& runner_of(const live::entry& e);
    enum class placed {
        nowhere,  ///< it is over, or has too many messages
        first,    ///< it was free: `hand_out` has to follow
        behind,
    };
    placed put_in_line(const live::entry_ptr& e, live::operation op);
    void hand_out(const std::vector<live::entry_ptr>& free);
    void begin_turns(runner& on, live::turns these, std::size_t from);
    void carry_out(const live::entry_ptr& e, std::vector<any_request> requests);
    void stop_component(const live::entry& e, const request::stop& what);
    void hold(live::entry& e, std::vector<any_request> requests);
    void begin_held(const live::entry_ptr& e, const live::operation& op);
    void begin_work(const live::entry& e, request::work what);
    void work_ended(const std::string& id, std::uint64_t number, work_pool::result&& how);
    void give_result(live::work_result what);
    void try_again(const live::result_ptr& what);
    void fail_instead(const live::work_result& what);
    live::operation result_operation(const live::result_ptr& what);
    live::operation clock_operation();
    bool is_due(const live::entry_ptr& e);
    void note_topics(const live::entry_ptr& e);
    void forget_topics(const live::entry_ptr& e);
    void deliver_missed(const live::entry_ptr& e, const live::topic_index::missed& what);
    live::operation message_operation(const live::letter_ptr& what);
    void note_due(const live::entry_ptr& e);
    void note_setback(const live::entry_ptr& e, const live::operation& op, status how);
    void ring(const std::vector<std::string>& ids);
    void begin_again(const std::vector<live::entry_ptr>& loaded);
    void date_loaded(live::loading& progress);
    void stop_work();

    reply tell(const live::entry_ptr& e, status what, std::shared_ptr<const update> news);
    std::string log_failure(const live::entry& e, const std::string& error);
    reply report_failure(const live::entry_ptr& e, const std::string& error);
    void forget_sent(live::entry& e, const std::vector<instance_id>& these);
    void check_markup(const conversation& of);
    void show_blind_pages(live::entry& e, std::vector<patch>& patches);
    reply answer_for(live::condition state, const live::entry& e) const;
    reply answer_for_ended(std::string_view id, std::optional<std::string_view> owner) const;
    void keep_notices(
        live::entry& e,
        const live::operation& op,
        const std::shared_ptr<const update>& news
    );
    bool needs_save(const live::entry& e, const outcome& o) const;
    change change_for(const live::entry& e, const outcome& o) const;
    void check_size(const live::entry& e, outcome& o, bool is_encoded) const;
    void note_use(const live::entry_ptr& e);
    void warn_not_durable(live::entry& e, const conversation& next);
    void store_down(const std::string& why);

    std::unique_ptr<store> storage_;
    live_options options_;
    const clocks clocks_;
    std::array<live::shard, 64> shards_;
    live::ownership owners_;
    live::unused_ones unused_;
    live::recently_ended ended_;
    std::atomic<std::size_t> size_ = 0;
    std::atomic<std::size_t> arriving_ = 0;  ///< being minted
    std::atomic<std::size_t> leaving_ = 0;   ///< to make room
    std::atomic<bool> closed_ = false;       ///< stopped, or the store is down
    std::once_flag stopped_;
    std::vector<runner*> runners_;
    live::totals totals_;
    live::reported_once reported_;
    live::topic_index topics_;
    live::in_flight results_;

    struct {
        std::mutex mutex;
        std::chrono::milliseconds clock_shift = {};  ///< as it was known last
        steady_time not_before;                      ///< nothing expires so long
        std::uint8_t setbacks = 0;                   ///< since the store has removed one
    } expiry_;

    // last: their threads use the rest
    background_thread background_;
    std::unique_ptr<saver> saver_;
    work_pool work_;
    timer_queue timers_;
};

}  // namespace stube
