#pragma once

#include "runtime/live_entry.hpp"
#include "runtime/saver.hpp"

#include <stube/runtime/live.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

/// The inside of the live map. Its members stand in files by what they are for: live.cpp has
/// operations and their order, live_begin.cpp how conversations come, live_change.cpp how they
/// change, live_leave.cpp how they go.
namespace stube {

namespace live {

struct shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string_view, entry_ptr> entries;  ///< keys live in the entries
};

/// Null if there is nothing to tell.
std::shared_ptr<const update>
make_update(std::uint64_t revision, std::vector<patch> patches, bool ended = false);

/// Runs what is posted at once; for work that no server thread waits for.
runner& here();

}  // namespace live

class live_map::impl {
public:
    impl(std::unique_ptr<store> storage, live_options options);

    load_summary load();
    void mint(
        std::string mount,
        const effect::call& root,
        std::string owner,
        std::string principal,
        runner& on,
        on_reply done
    );
    void submit(std::string_view id, std::optional<std::string_view> owner, live::operation op);
    void detach(std::string_view id, const view_stream* stream);
    std::size_t reap();
    std::size_t size() const { return size_; }

    void stop();

    surroundings world() const { return {options_.clock(), options_.app, options_.app_type}; }

private:
    live::shard& shard_of(std::string_view id) {
        return shards_[std::hash<std::string_view>()(id) % shards_.size()];
    }

    live::entry_ptr find(std::string_view id);
    void add(const live::entry_ptr& e);
    bool forget(const live::entry_ptr& e);
    void add_loaded(record&& stored, load_summary& summary);

    void perform(const live::entry_ptr& e, live::operation op);
    void look(const live::entry_ptr& e, live::operation& op);
    void wake_first(const live::entry_ptr& e, live::operation op);
    void commit(const live::entry_ptr& e, live::operation op, outcome o);
    void finish(
        const live::entry_ptr& e,
        const live::operation& op,
        outcome o,
        save_result saved,
        const std::string& why
    );
    void release(const live::entry_ptr& e);
    void give_up(
        const live::entry_ptr& e,
        std::function<bool(const live::entry&)> wanted,
        std::string_view why,
        on_reply done
    );
    void make_room(const live::entry_ptr& e);
    void drop_mark(const live::entry_ptr& e);

    reply tell(const live::entry_ptr& e, status what, std::shared_ptr<const update> news);
    reply report_failure(const live::entry_ptr& e, const std::string& error);
    reply answer_for(live::condition state, const live::entry& e) const;
    bool needs_save(const live::entry& e, const outcome& o) const;
    change change_for(const live::entry& e, const outcome& o) const;
    void warn_not_durable(live::entry& e, const conversation& next);
    void store_down(const std::string& why);

    std::unique_ptr<store> storage_;
    live_options options_;
    time_point started_;
    std::array<live::shard, 64> shards_;
    live::ownership owners_;
    live::recently_ended ended_;
    std::atomic<std::size_t> size_ = 0;
    std::atomic<bool> closed_ = false;  ///< stopped, or the store is down
    std::unique_ptr<saver> saver_;      // last: its thread uses the rest
};

}  // namespace stube
