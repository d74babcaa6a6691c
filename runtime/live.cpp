#include "runtime/live_entry.hpp"
#include "runtime/saver.hpp"

#include <stube/runtime/live.hpp>
#include <stube/runtime/random_id.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>

namespace stube {

using namespace live;

namespace {

time_point system_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

struct shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string_view, entry_ptr> entries;  ///< keys live in the entries
};

status status_of(verdict v) {
    switch (v) {
    case verdict::applied:
        return status::ok;
    case verdict::ended:
        return status::ended;
    case verdict::repeated:
        return status::repeated;
    case verdict::stale:
        return status::stale;
    case verdict::unknown_event:
        return status::unknown_event;
    case verdict::bad_arguments:
        return status::bad_arguments;
    case verdict::failed:
        return status::failed;
    }
    return status::failed;
}

std::shared_ptr<const update>
make_update(std::uint64_t revision, std::vector<patch> patches, bool ended = false) {
    if (patches.empty()) return nullptr;
    return std::make_shared<const update>(update{revision, std::move(patches), ended});
}

}  // namespace

class live_map::impl {
public:
    impl(std::unique_ptr<store> storage, live_options options)
        : storage_(std::move(storage)), options_(std::move(options)) {
        if (!options_.clock) options_.clock = system_now;
        if (!options_.new_id) options_.new_id = random_id;
        if (!options_.logger) options_.logger = spdlog::default_logger();
        started_ = options_.clock();
        if (storage_->keeps())
            saver_ =
                std::make_unique<saver>(*storage_, [this](const auto& why) { store_down(why); });
    }

    load_summary load();
    void mint(
        std::string mount,
        const effect::call& root,
        std::string owner,
        std::string principal,
        runner& on,
        on_reply done
    );
    void submit(std::string_view id, std::optional<std::string_view> owner, operation op);
    void detach(std::string_view id, const view_stream* stream);
    std::size_t reap();
    std::size_t size() const { return size_; }

    void stop() {
        closed_ = true;
        if (saver_) saver_->stop();
    }

    surroundings world() const { return {options_.clock(), options_.app, options_.app_type}; }

private:
    shard& shard_of(std::string_view id) {
        return shards_[std::hash<std::string_view>()(id) % shards_.size()];
    }

    entry_ptr find(std::string_view id);
    void add(const entry_ptr& e);
    bool forget(const entry_ptr& e);
    void add_loaded(record&& stored, load_summary& summary);

    void perform(const entry_ptr& e, operation op);
    void look(const entry_ptr& e, operation& op);
    void wake_first(const entry_ptr& e, operation op);
    void commit(const entry_ptr& e, operation op, outcome o);
    void finish(
        const entry_ptr& e,
        const operation& op,
        outcome o,
        save_result saved,
        const std::string& why
    );
    void release(const entry_ptr& e);
    void give_up(
        const entry_ptr& e,
        std::function<bool(const entry&)> wanted,
        std::string_view why,
        on_reply done
    );
    void make_room(const entry_ptr& e);
    void drop_mark(const entry_ptr& e);

    reply tell(const entry_ptr& e, status what, std::shared_ptr<const update> news);
    reply report_failure(const entry_ptr& e, const std::string& error);
    reply answer_for(condition state, const entry& e) const;
    bool needs_save(const entry& e, const outcome& o) const;
    change change_for(const entry& e, const outcome& o) const;
    void warn_not_durable(entry& e, const conversation& next);
    void store_down(const std::string& why);

    std::unique_ptr<store> storage_;
    live_options options_;
    time_point started_;
    std::array<shard, 64> shards_;
    ownership owners_;
    recently_ended ended_;
    std::atomic<std::size_t> size_ = 0;
    std::atomic<bool> closed_ = false;  ///< stopped, or the store is down
    std::unique_ptr<saver> saver_;      // last: its thread uses the rest
};

entry_ptr live_map::impl::find(std::string_view id) {
    auto& s = shard_of(id);
    std::lock_guard lock(s.mutex);
    auto found = s.entries.find(id);
    return found == s.entries.end() ? nullptr : found->second;
}

void live_map::impl::add(const entry_ptr& e) {
    {
        auto& s = shard_of(e->id);
        std::lock_guard lock(s.mutex);
        s.entries.emplace(e->id, e);
    }
    ++size_;
}

/// False if another thread was faster.
bool live_map::impl::forget(const entry_ptr& e) {
    {
        auto& s = shard_of(e->id);
        std::lock_guard lock(s.mutex);
        if (e->state.exchange(condition::over) == condition::over) return false;
        e->streams.clear();
        s.entries.erase(e->id);
    }
    owners_.remove(e);
    ended_.add(e->id);
    --size_;
    return true;
}

// --- loading

load_summary live_map::impl::load() {
    load_summary summary;
    auto report =
        storage_->load_all([&](record&& stored) { add_loaded(std::move(stored), summary); });
    summary.quarantined = report.quarantined.size();
    for (const auto& bad : report.quarantined) {
        options_.logger
            ->error("quarantined conversation={} where={} why=\"{}\"", bad.id, bad.where, bad.why);
    }
    return summary;
}

void live_map::impl::add_loaded(record&& stored, load_summary& summary) {
    auto e = std::make_shared<entry>();
    e->id = stored.id;
    try {
        if (stored.status == keeping::not_kept) {
            auto mark = decode_mark(stored);
            e->state = condition::lost;
            e->owner = std::move(mark.owner);
            e->mount = std::move(mark.mount);
            e->last_seen = mark.touched;
            e->marked = true;
            ++summary.lost;
        } else {
            e->value = std::make_shared<const conversation>(decode_conversation(stored));
            e->owner = e->value->owner;
            e->last_seen = e->value->touched;
            e->asleep = true;
            ++summary.loaded;
        }
    } catch (const std::exception& why) {
        e->state = condition::unusable;
        ++summary.unusable;
        options_.logger->error("unusable conversation={} why=\"{}\" (kept)", e->id, why.what());
    }
    add(e);
    // All of them come back, also when the limit is lower than it was.
    if (e->state == condition::live) owners_.put_back(e);
}

// --- beginning

void live_map::impl::mint(
    std::string mount,
    const effect::call& root,
    std::string owner,
    std::string principal,
    runner& on,
    on_reply done
) {
    if (closed_) return done({.what = status::store_down});
    if (size_ >= options_.max_conversations) return done({.what = status::overloaded});
    conversation fresh;
    fresh.id = options_.new_id();
    fresh.owner = std::move(owner);
    fresh.principal = std::move(principal);
    fresh.mount = std::move(mount);
    auto e = std::make_shared<entry>();
    e->id = fresh.id;
    e->owner = fresh.owner;
    e->busy = true;
    operation op;
    op.on = &on;
    op.done = [this, e, done = std::move(done)](reply&& r) {
        if (r.what == status::ok) {
            for (const auto& oldest : owners_.add(e, options_.max_per_owner))
                make_room(oldest);
        }
        done(std::move(r));
    };
    auto begun = begin(std::move(fresh), root, world());
    e->value = std::make_shared<const conversation>();
    // Not in the map before it is saved: nobody else knows the id yet.
    commit(e, std::move(op), std::move(begun));
}

// --- operations

reply live_map::impl::answer_for(condition state, const entry& e) const {
    reply r;
    switch (state) {
    case condition::live:
        break;
    case condition::lost:
        r.what = status::lost;
        r.mount = e.mount;
        break;
    case condition::unusable:
        r.what = status::unusable;
        break;
    case condition::over:
        r.what = status::just_ended;
        break;
    }
    return r;
}

void live_map::impl::submit(
    std::string_view id,
    std::optional<std::string_view> owner,
    operation op
) {
    if (closed_) return op.done({.what = status::store_down});
    auto e = find(id);
    if (!e) return op.done({.what = ended_.contains(id) ? status::just_ended : status::gone});
    {
        std::unique_lock lock(shard_of(id).mutex);
        reply refused;
        if (owner && e->state != condition::unusable && e->owner != *owner) {
            refused.what = status::foreign;
        } else if (e->state != condition::live) {
            refused = answer_for(e->state, *e);
        } else if (e->busy && e->waiting.size() >= options_.max_waiting) {
            refused.what = status::overloaded;
        } else if (e->busy) {
            return e->waiting.push_back(std::move(op));
        } else {
            e->busy = true;
        }
        if (refused.what != status::ok) {
            lock.unlock();
            return op.done(std::move(refused));
        }
    }
    perform(e, std::move(op));
}

namespace {

outcome run_change(const operation& op, const conversation& now) {
    outcome failed;
    failed.what = verdict::failed;
    try {
        return op.change(now);
    } catch (const std::exception& e) {
        failed.error = e.what();
    } catch (...) {
        failed.error = "an exception that is no std::exception";
    }
    return failed;
}

}  // namespace

/// Runs an operation whose turn has come: `e` is busy with it until `release`.
void live_map::impl::perform(const entry_ptr& e, operation op) {
    if (e->state != condition::live) {
        op.done(answer_for(e->state, *e));
        return release(e);
    }
    if (op.wakes && std::exchange(e->asleep, false) && has_wakeup(*e->value))
        return wake_first(e, std::move(op));
    if (!op.change) {
        look(e, op);
        return release(e);
    }
    auto o = run_change(op, *e->value);
    commit(e, std::move(op), std::move(o));
}

/// The hooks run, and are saved, before the operation. While that is not possible, nothing is.
void live_map::impl::wake_first(const entry_ptr& e, operation op) {
    operation wake_up;
    wake_up.on = op.on;
    wake_up.done = [this, e, first = std::make_shared<operation>(std::move(op))](reply&& r) {
        if (r.what == status::not_saved || r.what == status::store_down) {
            e->asleep = true;
            return first->done(std::move(r));
        }
        std::lock_guard lock(shard_of(e->id).mutex);
        e->waiting.insert(e->waiting.begin(), std::move(*first));
    };
    commit(e, std::move(wake_up), wake(*e->value, world()));
}

/// Answers with the value as it is: to a page that is being loaded, or to a stream.
void live_map::impl::look(const entry_ptr& e, operation& op) {
    reply r;
    r.value = e->value;
    bool up_to_date = op.seen && *op.seen == e->value->revision;
    if (op.wants_view && !up_to_date) {
        try {
            r.news = make_update(e->value->revision, {render_view(*e->value)});
        } catch (const std::exception& error) {
            r = report_failure(e, error.what());
        }
    }
    e->last_seen = options_.clock();
    if (op.stream) {
        std::lock_guard lock(shard_of(e->id).mutex);
        if (e->streams.size() >= options_.max_streams) {
            r = {.what = status::overloaded};
        } else {
            e->streams.push_back(op.stream);
            r.streamed = true;
        }
    }
    if (r.streamed && r.news) op.stream->publish(r.news);
    op.done(std::move(r));
}

// --- changing

void live_map::impl::warn_not_durable(entry& e, const conversation& next) {
    if (std::exchange(e.warned, true)) return;
    options_.logger->warn(
        "not saved: conversation={} component={} holds a live coroutine; it will be gone after a "
        "restart",
        e.id,
        next.not_durable()->name
    );
}

/// True if the store must be told before anyone else is.
bool live_map::impl::needs_save(const entry& e, const outcome& o) const {
    if (!saver_) return false;
    if (o.what == verdict::ended) return true;
    if (o.what != verdict::applied) return false;
    return o.next.durable() || !e.marked;
}

/// What the store is told of an outcome. Throws what a component's codec throws, and what no store
/// would take (a state that is not UTF-8): one bad change would otherwise hold up its whole batch.
change live_map::impl::change_for(const entry& e, const outcome& o) const {
    if (o.what != verdict::ended) {
        const auto* before = e.is_new() ? nullptr : e.value.get();
        auto wanted = encode_change(before, o.next, storage_->saves_parts() && !e.marked);
        check_change(wanted);
        return wanted;
    }
    change what;
    what.id = e.id;
    what.what = change::kind::remove;
    return what;
}

void live_map::impl::commit(const entry_ptr& e, operation op, outcome o) {
    if (saver_ && o.what == verdict::applied && !o.next.durable()) warn_not_durable(*e, o.next);
    if (!needs_save(*e, o)) return finish(e, op, std::move(o), save_result::durable, {});
    change what;
    try {
        what = change_for(*e, o);
    } catch (const std::exception& error) {
        outcome failed;
        failed.what = verdict::failed;
        failed.error = error.what();
        return finish(e, op, std::move(failed), save_result::durable, {});
    }
    auto& on = *op.on;
    auto shared_op = std::make_shared<operation>(std::move(op));
    auto shared_outcome = std::make_shared<outcome>(std::move(o));
    auto done = [this, e, shared_op, shared_outcome](save_result saved, const std::string& why) {
        finish(e, *shared_op, std::move(*shared_outcome), saved, why);
    };
    saver_->submit(std::move(what), on, std::move(done));
}

reply live_map::impl::tell(const entry_ptr& e, status what, std::shared_ptr<const update> news) {
    std::vector<std::shared_ptr<view_stream>> streams;
    {
        std::lock_guard lock(shard_of(e->id).mutex);
        streams = e->streams;
    }
    reply r;
    r.what = what;
    if (!e->is_new()) r.value = e->value;
    r.news = std::move(news);
    if (!r.news) return r;
    for (const auto& each : streams)
        each->publish(r.news);
    r.streamed = !streams.empty();
    return r;
}

reply live_map::impl::report_failure(const entry_ptr& e, const std::string& error) {
    auto error_id = random_id().substr(0, 8);
    options_.logger->error("failed conversation={} error_id={} why=\"{}\"", e->id, error_id, error);
    auto r = tell(e, status::failed, make_update(e->value->revision, {failure_notice(error_id)}));
    r.error_id = std::move(error_id);
    return r;
}

void live_map::impl::finish(
    const entry_ptr& e,
    const operation& op,
    outcome o,
    save_result saved,
    const std::string& why
) {
    const bool is_new = e->is_new();
    if (saved != save_result::durable) {
        options_.logger->error("not saved conversation={} why=\"{}\"", e->id, why);
        auto what = saved == save_result::refused ? status::not_saved : status::store_down;
        op.done({.what = what, .value = is_new ? nullptr : e->value});
        return release(e);
    }
    if (o.what == verdict::failed) {
        op.done(report_failure(e, o.error));
        return release(e);
    }
    if (o.what == verdict::applied || o.what == verdict::ended) {
        if (!o.error.empty())
            options_.logger->error("failed conversation={} why=\"{}\"", e->id, o.error);
        auto next = std::make_shared<const conversation>(std::move(o.next));
        e->marked = saver_ && !next->durable();
        std::lock_guard lock(shard_of(e->id).mutex);
        e->value = std::move(next);
        e->last_seen = e->value->touched;
    }
    const bool over = o.what == verdict::ended;
    if (is_new && !over) add(e);
    auto told =
        tell(e, status_of(o.what), make_update(e->value->revision, std::move(o.patches), over));
    if (over) is_new ? ended_.add(e->id) : void(forget(e));
    op.done(std::move(told));
    release(e);
}

/// The next one in line, on its own runner, or nobody.
void live_map::impl::release(const entry_ptr& e) {
    operation next;
    {
        std::lock_guard lock(shard_of(e->id).mutex);
        if (e->waiting.empty()) {
            e->busy = false;
            return;
        }
        next = std::move(e->waiting.front());
        e->waiting.erase(e->waiting.begin());
    }
    auto& on = *next.on;
    auto shared = std::make_shared<operation>(std::move(next));
    on.post([this, e, shared] { perform(e, std::move(*shared)); });
}

// --- leaving

void live_map::impl::detach(std::string_view id, const view_stream* stream) {
    auto e = find(id);
    if (!e) return;
    std::lock_guard lock(shard_of(id).mutex);
    std::erase_if(e->streams, [&](const auto& each) { return each.get() == stream; });
    e->last_seen = options_.clock();
}

void live_map::impl::store_down(const std::string& why) {
    closed_ = true;
    options_.logger->critical("the store is not usable any more why=\"{}\"", why);
    if (options_.on_store_down) options_.on_store_down(why);
}

namespace {

/// Runs what is posted at once; for work that no server thread waits for.
class here_runner final : public runner {
public:
    void post(std::function<void()> work) override { work(); }
};

here_runner& here() {
    static here_runner only;
    return only;
}

}  // namespace

/// Ends a conversation if that is still `wanted` when its turn comes; called with the shard's mutex
/// held.
void live_map::impl::give_up(
    const entry_ptr& e,
    std::function<bool(const entry&)> wanted,
    std::string_view why,
    on_reply done
) {
    operation op;
    op.wakes = false;
    op.on = &here();
    op.done = std::move(done);
    op.change = [this, e, wanted = std::move(wanted), why](const conversation& now) {
        outcome o;
        o.what = verdict::stale;
        {
            std::lock_guard lock(shard_of(e->id).mutex);
            if (!wanted(*e)) return o;
        }
        for (const auto& error : stop_all(now, world())) {
            options_.logger->error("stop failed conversation={} why=\"{}\"", e->id, error);
        }
        o.what = verdict::ended;
        o.next = now;
        o.next.stack.clear();
        ++o.next.revision;
        o.patches.push_back(farewell(now, why));
        return o;
    };
    submit(e->id, {}, std::move(op));
}

/// Gives up one of an owner that has too many.
void live_map::impl::make_room(const entry_ptr& e) {
    auto always = [](const entry&) { return true; };
    give_up(
        e,
        always,
        "This page was closed because many others were opened after it.",
        [this, e](reply&& r) {
            if (r.what == status::not_saved || r.what == status::overloaded) owners_.put_back(e);
        }
    );
}

/// A mark has no value to change.
void live_map::impl::drop_mark(const entry_ptr& e) {
    if (!forget(e)) return;
    change what;
    what.id = e->id;
    what.what = change::kind::remove;
    if (saver_) saver_->submit(std::move(what), here(), [](save_result, const std::string&) {});
}

std::size_t live_map::impl::reap() {
    const auto now = options_.clock();
    if (now < started_ + options_.grace_after_start) return 0;
    auto idle = [this, now](const entry& e) {
        const bool unused = e.value && e.value->revision <= 1;
        auto timeout = unused ? options_.unused_timeout : options_.idle_timeout;
        return e.streams.empty() && e.last_seen.load() + timeout < now;
    };
    std::vector<entry_ptr> found;
    for (auto& s : shards_) {
        std::lock_guard lock(s.mutex);
        for (const auto& [id, e] : s.entries) {
            if (e->state != condition::unusable && !e->busy && idle(*e)) found.push_back(e);
        }
    }
    for (const auto& e : found) {
        if (e->state == condition::lost) {
            drop_mark(e);
        } else {
            give_up(e, idle, "This page was not used for a long time.", [](reply&&) {});
        }
    }
    return found.size();
}

// --- the public face

live_map::live_map(std::unique_ptr<store> storage, live_options options)
    : impl_(std::make_unique<impl>(std::move(storage), std::move(options))) {}

live_map::~live_map() {
    stop();
}

load_summary live_map::load() {
    return impl_->load();
}

void live_map::mint(
    std::string mount,
    const effect::call& root,
    std::string owner,
    std::string principal,
    runner& on,
    on_reply done
) {
    impl_
        ->mint(std::move(mount), root, std::move(owner), std::move(principal), on, std::move(done));
}

void live_map::open(std::string_view id, std::string_view owner, runner& on, on_reply done) {
    operation op;
    op.wants_view = true;
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, owner, std::move(op));
}

void live_map::send(
    std::string_view id,
    std::string_view owner,
    event what,
    runner& on,
    on_reply done
) {
    operation op;
    op.change = [this, what = std::move(what)](const conversation& now) {
        return dispatch(now, what, impl_->world());
    };
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, owner, std::move(op));
}

void live_map::attach(
    std::string_view id,
    std::string_view owner,
    std::optional<std::uint64_t> seen,
    std::shared_ptr<view_stream> stream,
    runner& on,
    on_reply done
) {
    operation op;
    op.wants_view = true;
    op.stream = std::move(stream);
    op.seen = seen;
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, owner, std::move(op));
}

void live_map::detach(std::string_view id, const view_stream* stream) {
    impl_->detach(id, stream);
}

void live_map::swap_conv(
    std::string_view id,
    std::function<outcome(const conversation&)> change,
    runner& on,
    on_reply done
) {
    operation op;
    op.change = std::move(change);
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, {}, std::move(op));
}

std::size_t live_map::reap() {
    return impl_->reap();
}

std::size_t live_map::size() const {
    return impl_->size();
}

void live_map::stop() {
    impl_->stop();
}

}  // namespace stube
