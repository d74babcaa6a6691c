#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/live/map_impl.hpp"

#include <stube/runtime/random_id.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace stube::live {

using namespace kernel;

namespace {

time_point system_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

conversation_options with_defaults(conversation_options given) {
    if (!given.clock) given.clock = system_now;
    if (!given.steady_clock) given.steady_clock = std::chrono::steady_clock::now;
    if (!given.new_id) given.new_id = random_id;
    if (!given.logger) given.logger = spdlog::default_logger();
    return given;
}

}  // namespace

conversation_map::impl::impl(std::unique_ptr<store> storage, conversation_options options)
    : storage_(std::move(storage)),
      options_(with_defaults(std::move(options))),
      clocks_(options_.clock, options_.steady_clock),
      topics_(options_.max_messages),
      work_(options_.work_threads, options_.max_work),
      timers_(
          clocks_,
          [this](const auto& ids) { ring(ids); },
          options_.watch_clock ? timer_queue::watch::by_thread : timer_queue::watch::by_hand
      ) {
    expiry_.not_before = clocks_.began() + options_.grace_after_start;
    if (storage_->keeps())
        saver_ = std::make_unique<commit_writer>(*storage_, [this](const auto& why) {
            store_down(why);
        });
}

void conversation_map::impl::stop() {
    std::call_once(stopped_, [this] {
        closed_ = true;
        timers_.stop();
        stop_work();
        if (saver_) saver_->stop();
        background_.stop();
    });
}

void conversation_map::impl::store_down(const std::string& why) {
    closed_ = true;
    options_.logger->critical("the store is not usable any more why={}", quote_for_log(why));
    if (options_.on_store_down) options_.on_store_down(why);
}

entry_ptr conversation_map::impl::find(std::string_view id) {
    auto& s = shard_of(id);
    std::lock_guard lock(s.mutex);
    auto found = s.entries.find(id);
    return found == s.entries.end() ? nullptr : found->second;
}

void conversation_map::impl::add(const entry_ptr& e) {
    {
        auto& s = shard_of(e->id);
        std::lock_guard lock(s.mutex);
        s.entries.emplace(e->id, e);
    }
    ++size_;
}

/// Keeps the reply to late events and pages of a conversation that has ended.
void conversation_map::impl::remember_end(const entry& e, std::shared_ptr<const update> last) {
    ended_conversation was;
    was.owner = e.owner;
    was.mount = e.mount;
    was.last = std::move(last);
    if (e.value) {
        was.mount = e.value->mount;
        was.revision = e.value->revision;
        was.applied = e.value->applied;
    }
    ended_.add(e.id, std::move(was));
}

/// False if another thread was faster. `last` is what its pages were told.
bool conversation_map::impl::forget(const entry_ptr& e, std::shared_ptr<const update> last) {
    {
        auto& s = shard_of(e->id);
        std::lock_guard lock(s.mutex);
        if (e->state.exchange(condition::over) == condition::over) return false;
        e->streams.clear();
        e->is_open = false;
        // The ends of unused conversations, as strangers leave many, would push out those of
        // others.
        if (e->is_used()) remember_end(*e, std::move(last));
        s.entries.erase(e->id);
    }
    owners_.remove(e);
    unused_.remove(*e);
    if (e->due) timers_.set(e->id, std::nullopt);
    forget_topics(e);
    --size_;
    return true;
}

/// While all else is there yet: the locals of flows go with them, which may do as they like.
void conversation_map::impl::drop_all() {
    for (auto& s : shards_) {
        decltype(s.entries) gone;
        {
            std::lock_guard lock(s.mutex);
            std::swap(gone, s.entries);
        }
        for (const auto& [id, e] : gone) {
            owners_.remove(e);
            unused_.remove(*e);
            forget_topics(e);
        }
    }
}

// --- operations

reply conversation_map::impl::answer_for(condition state, const entry& e) const {
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
    case condition::other_release:
        r.what = status::other_release;
        break;
    case condition::over:
        return answer_for_ended(e.id, {});
    }
    return r;
}

/// Its owner is told what was said last; for everybody else there is no such conversation.
reply conversation_map::impl::answer_for_ended(
    std::string_view id,
    std::optional<std::string_view> owner
) const {
    auto was = ended_.find(id);
    if (!was || (owner && was->owner != *owner)) return {.what = status::gone};
    auto value = std::make_shared<conversation>();
    value->id = id;
    value->owner = std::move(was->owner);
    value->mount = std::move(was->mount);
    value->revision = was->revision;
    value->applied = std::move(was->applied);
    return {.what = status::just_ended, .value = std::move(value), .news = std::move(was->last)};
}

void conversation_map::impl::submit(
    std::string_view id,
    std::optional<std::string_view> owner,
    operation op
) {
    if (closed_) return op.done({.what = status::store_down});
    auto e = find(id);
    if (!e) return op.done(answer_for_ended(id, owner));
    {
        std::unique_lock lock(shard_of(id).mutex);
        reply refused;
        if (owner && e->state != condition::unusable && e->owner != *owner) {
            refused.what = status::foreign;
        } else if (e->state != condition::live) {
            refused = answer_for(e->state, *e);
        } else if (e->busy && e->waiting.count(origin::user) >= options_.max_waiting) {
            refused.what = status::overloaded;
        } else if (e->busy) {
            return e->waiting.put_last(std::move(op));
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
    try {
        return op.change(now);
    } catch (...) {
        return {.verdict = verdict::failed, .error = current_exception_message()};
    }
}

}  // namespace

/// Runs an operation whose turn has come: `e` is busy with it until `release`.
void conversation_map::impl::perform(const entry_ptr& e, operation op) {
    if (e->state != condition::live) {
        op.done(answer_for(e->state, *e));
        return release(e);
    }
    if (!e->value && !make_usable(e)) {
        op.done(answer_for(e->state, *e));
        return release(e);
    }
    // It could not be saved any more, and what it does to the application would stay.
    if (closed_ && op.change && op.from != origin::work) {
        op.done({.what = status::store_down});
        return release(e);
    }
    note_rollback(e, op);
    if (op.from == origin::clock && !is_due(e)) return release(e);
    if (op.wakes && std::exchange(e->asleep, false) && has_wakeup(*e->value))
        return commit_first(e, std::move(op), wake(*e->value, world()), true);
    if (op.wants_view && is_to_begin(*e)) {
        // The page has seen all of what this makes the next revision.
        if (op.seen == e->value->revision) ++*op.seen;
        return commit_first(e, std::move(op), mark_seen(*e->value), false);
    }
    if (!op.change) {
        look(e, op);
        return release(e);
    }
    auto o = run_change(op, *e->value);
    commit(e, std::move(op), std::move(o));
}

/// A page cannot have seen what was not saved, unless the store has lost it since. But all that is
/// known is what a browser claims, and it can claim anything. Found out before waking, which makes
/// a revision of its own.
void conversation_map::impl::note_rollback(const entry_ptr& e, operation& op) {
    if (!op.seen || *op.seen <= e->value->revision) return;
    op.is_ahead = true;
    if (std::exchange(e->is_rolled_back, true)) return;
    ++totals_.rolled_back;
    options_.logger->warn(
        "rolled_back conversation={} stored={} claimed={} why=\"a browser claims to have seen a "
        "later revision: either that is wrong, or the store has lost what was saved\"",
        e->id,
        e->value->revision,
        *op.seen
    );
}

/// True if nobody has seen it yet, and it has something to begin with when somebody does.
bool conversation_map::impl::is_to_begin(const entry& e) const {
    return e.value->unseen && (!e.value->waiting.empty() || !e.held.empty());
}

/// What came of the wakeup hooks, or that somebody has seen it, is saved before the operation.
/// While that is not possible, nothing is.
void conversation_map::impl::commit_first(
    const entry_ptr& e,
    operation op,
    outcome o,
    bool was_asleep
) {
    operation before;
    before.from = op.from;
    before.on = op.on;
    before.done =
        [this, e, was_asleep, first = std::make_shared<operation>(std::move(op))](reply&& r) {
            if (r.what == status::not_saved || r.what == status::store_down) {
                e->asleep = was_asleep;
                return first->done(std::move(r));
            }
            std::lock_guard lock(shard_of(e->id).mutex);
            e->waiting.put_first(std::move(*first));
        };
    commit(e, std::move(before), std::move(o));
}

/// Answers with the value as it is: to a page that is being loaded, or to a stream.
void conversation_map::impl::look(const entry_ptr& e, operation& op) {
    reply r;
    r.value = e->value;
    const bool up_to_date = op.seen && *op.seen == e->value->revision && !op.is_ahead;
    if (op.wants_view && !up_to_date) {
        try {
            auto page = whole_view(*e->value, world());
            forget_sent(*e, page.differing);
            r.value = e->value;
            if (op.is_ahead) page.patches.push_back(rollback_notice());
            if (const auto kept = op.stream ? nullptr : std::move(e->notices))
                page.patches.insert(page.patches.end(), kept->begin(), kept->end());
            r.news = make_update(e->value->revision, std::move(page.patches));
        } catch (...) {
            // Only the page that asked is told. It has not seen this revision.
            r.what = status::failed;
            r.error_id = log_failure(*e, current_exception_message());
            r.news = make_update(op.seen.value_or(0), {failure_notice(r.error_id)});
            e->has_blind_page = e->has_blind_page || op.stream;
        }
    }
    e->last_seen = clocks_.steady();
    r.streamed = op.stream != nullptr;
    if (r.streamed) add_stream(*e, op.stream);
    if (r.streamed && r.news) op.stream->publish(r.news);
    op.done(std::move(r));
}

/// The oldest gives way where there are too many: it may well be one whose page is gone, which only
/// its network does not say.
void conversation_map::impl::add_stream(entry& e, const std::shared_ptr<view_stream>& stream) {
    std::shared_ptr<view_stream> oldest;
    {
        std::lock_guard lock(shard_of(e.id).mutex);
        if (!e.streams.empty() && e.streams.size() >= options_.max_streams) {
            oldest = std::move(e.streams.front());
            e.streams.erase(e.streams.begin());
        }
        e.streams.push_back(stream);
        e.is_open = e.was_open = true;
    }
    unused_.remove(e);
    if (oldest) oldest->displace();
}

/// False: nobody waits, and the conversation is free.
bool conversation_map::impl::take_next(const entry_ptr& e, operation& next) {
    std::lock_guard lock(shard_of(e->id).mutex);
    e->busy = !e->waiting.empty();
    if (e->busy) next = e->waiting.take_first();
    if (e->waiting.count(origin::message) == 0) e->is_flooded = false;
    return e->busy;
}

/// The next one in line, on its own executor, or nobody.
void conversation_map::impl::release(const entry_ptr& e) {
    operation next;
    if (!take_next(e, next)) return;
    auto& on = *next.on;
    auto shared = std::make_shared<operation>(std::move(next));
    on.post([this, e, shared] { perform(e, std::move(*shared)); });
}

void conversation_map::impl::detach(std::string_view id, const view_stream* stream) {
    auto e = find(id);
    if (!e) return;
    std::lock_guard lock(shard_of(id).mutex);
    std::erase_if(e->streams, [&](const auto& each) { return each.get() == stream; });
    e->is_open = !e->streams.empty();
    e->last_seen = clocks_.steady();
}

// --- the public face

conversation_map::conversation_map(std::unique_ptr<store> storage, conversation_options options)
    : impl_(std::make_unique<impl>(std::move(storage), std::move(options))) {}

conversation_map::~conversation_map() {
    stop();
    impl_->drop_all();
}

load_summary conversation_map::load() {
    return impl_->load();
}

void conversation_map::mint(
    std::string mount,
    beginning with,
    std::string owner,
    std::string principal,
    executor& on,
    on_reply done
) {
    impl_->mint(
        std::move(mount),
        std::move(with),
        std::move(owner),
        std::move(principal),
        on,
        std::move(done)
    );
}

void conversation_map::open(
    std::string_view id,
    std::string_view owner,
    executor& on,
    on_reply done
) {
    catch_up(id, owner, std::nullopt, on, std::move(done));
}

void conversation_map::catch_up(
    std::string_view id,
    std::string_view owner,
    std::optional<std::uint64_t> seen,
    executor& on,
    on_reply done
) {
    operation op;
    op.wants_view = true;
    op.seen = seen;
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, owner, std::move(op));
}

void conversation_map::send(
    std::string_view id,
    std::string_view owner,
    event what,
    executor& on,
    on_reply done,
    std::optional<std::uint64_t> seen
) {
    operation op;
    op.keeps_notices = what.page.has_value();
    op.seen = seen;
    op.change = [this, what = std::move(what)](const conversation& now) {
        return dispatch(now, what, impl_->world());
    };
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, owner, std::move(op));
}

void conversation_map::go_back(
    std::string_view id,
    std::string_view owner,
    event_id event,
    std::optional<std::uint64_t> to,
    executor& on,
    on_reply done
) {
    operation op;
    op.change = [this, event, to](const conversation& now) {
        return kernel::go_back(now, event, to, impl_->world());
    };
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, owner, std::move(op));
}

void conversation_map::attach(
    std::string_view id,
    std::string_view owner,
    std::optional<std::uint64_t> seen,
    std::shared_ptr<view_stream> stream,
    executor& on,
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

void conversation_map::detach(std::string_view id, const view_stream* stream) {
    impl_->detach(id, stream);
}

void conversation_map::swap_conv(
    std::string_view id,
    std::function<outcome(const conversation&)> change,
    executor& on,
    on_reply done
) {
    operation op;
    op.change = std::move(change);
    op.on = &on;
    op.done = std::move(done);
    impl_->submit(id, {}, std::move(op));
}

void conversation_map::use(std::vector<executor*> executors) {
    impl_->use(std::move(executors));
}

void conversation_map::publish(std::string_view topic, std::string_view message) {
    impl_->publish(topic, message);
}

std::size_t conversation_map::fire_due() {
    return impl_->fire_due();
}

conversation_counts conversation_map::counts() const {
    return impl_->counts();
}

std::size_t conversation_map::reap() {
    return impl_->reap();
}

std::size_t conversation_map::size() const {
    return impl_->size();
}

void conversation_map::stop() {
    impl_->stop();
}

}  // namespace stube::live
