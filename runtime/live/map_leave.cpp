#include "runtime/component/quote_for_log.hpp"
#include "runtime/live/map_impl.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <string>
#include <utility>

namespace stube::live {

using namespace kernel;

namespace {

/// What is set by less is how clocks are kept right.
constexpr std::chrono::milliseconds least_clock_set = std::chrono::seconds(1);

constexpr std::chrono::milliseconds shortest_removal_retry = std::chrono::seconds(10);
constexpr std::uint8_t most_removal_doublings = 6;  // then every ten minutes

std::string_view name_of(worth what) {
    switch (what) {
    case worth::unused:
        return "unused";
    case worth::looked_at:
        return "looked_at";
    case worth::worked_on:
        return "worked_on";
    case worth::kept:
        return "kept";
    case worth::open:
        return "open";
    }
    return "";
}

}  // namespace

/// Deletes a conversation if that is still `wanted` when its turn comes; that is asked with the
/// shard's mutex held.
void conversation_map::impl::remove(
    const entry_ptr& e,
    std::function<bool(const entry&)> wanted,
    std::string_view why,
    on_reply done
) {
    operation op;
    op.from = origin::upkeep;
    op.wakes = false;
    op.on = &runner_of(*e);
    op.done = std::move(done);
    op.change = [this, e, wanted = std::move(wanted), why = std::string(why)](
                    const conversation& now
                ) -> outcome {
        {
            std::lock_guard lock(shard_of(e->id).mutex);
            if (!wanted(*e)) return {.verdict = verdict::stale};
        }
        return kernel::expire(now, why);
    };
    submit(e->id, {}, std::move(op));
}

// --- making room

/// Deletes one of an owner that has too many.
void conversation_map::impl::make_room_for_owner(const entry_ptr& e) {
    const auto was = e->worth();
    remove(
        e,
        [was](const entry& now) { return now.worth() <= was; },
        "This page was closed because many others were opened after it.",
        [this, e, was](reply&& r) {
            if (r.what == status::ended)
                note_eviction(*e, was, "its visitor has too many");
            else
                owners_.put_back(e);
        }
    );
}

/// False if there are as many as there may be, and each of them was used.
bool conversation_map::impl::make_room_for_one() {
    if (size_ + arriving_ < options_.max_conversations + leaving_) return true;
    const auto oldest = unused_.take_oldest();
    if (!oldest) return false;
    ++leaving_;
    remove(
        oldest,
        [](const entry& now) { return now.worth() == worth::unused; },
        "This page was closed because it was never used and many others were opened after it.",
        [this, oldest](reply&& r) {
            --leaving_;
            if (r.what == status::ended)
                note_eviction(*oldest, worth::unused, "there are too many");
            else if (oldest->state == condition::live && !oldest->is_used())
                unused_.add(oldest);
        }
    );
    return true;
}

void conversation_map::impl::note_eviction(const entry& e, worth was, std::string_view why) {
    ++totals_.evicted;
    // Lines of the two kinds are limited apart: strangers, who make the first, do not hide the
    // others.
    if (was == worth::unused)
        options_.logger->info("evicted unused conversation={} why=\"{}\"", e.id, why);
    else
        options_.logger->warn("evicted conversation={} was={} why=\"{}\"", e.id, name_of(was), why);
}

// --- expiry

/// False for some time after the start, after the system's clock was set, and after the store has
/// refused to remove one.
bool conversation_map::impl::may_expire() {
    std::lock_guard lock(expiry_.mutex);
    const auto now = clocks_.steady();
    const auto shift = clocks_.shift();
    const auto set_by = shift - std::exchange(expiry_.clock_shift, shift);
    if (std::chrono::abs(set_by) > least_clock_set) {
        expiry_.not_before = std::max(expiry_.not_before, now + options_.grace_after_start);
        options_.logger->warn(
            "the system clock was set by_ms={}: nothing is deleted as idle for ms={}",
            set_by.count(),
            options_.grace_after_start.count()
        );
    }
    return now >= expiry_.not_before;
}

/// A removal that the store refuses is tried again later, and each time later than before.
void conversation_map::impl::note_removal(save_result saved, const std::string& why) {
    std::lock_guard lock(expiry_.mutex);
    if (saved == save_result::durable) expiry_.setbacks = 0;
    const auto now = clocks_.steady();
    if (saved != save_result::refused || now < expiry_.not_before) return;
    const auto delay = shortest_removal_retry * (1 << expiry_.setbacks);
    expiry_.not_before = now + delay;
    expiry_.setbacks = std::min<std::uint8_t>(expiry_.setbacks + 1, most_removal_doublings);
    options_.logger->error(
        "idle conversations could not be removed why={} retry_ms={}",
        quote_for_log(why),
        delay.count()
    );
}

/// A mark has no value to change, and what another release has stored cannot be asked to stop.
/// `e` is busy.
void conversation_map::impl::drop_unread(const entry_ptr& e) {
    change what;
    what.id = e->id;
    what.what = change::kind::remove;
    auto done = [this, e](save_result saved, const std::string& why) {
        note_removal(saved, why);
        if (saved == save_result::durable) {
            forget(e);
            ++totals_.expired;
            return;
        }
        std::lock_guard lock(shard_of(e->id).mutex);
        e->busy = false;
    };
    saver_->submit(std::move(what), runner_of(*e), std::move(done));
}

std::size_t conversation_map::impl::reap() {
    if (closed_ || !may_expire()) return 0;
    auto idle = [this, now = clocks_.steady()](const entry& e) {
        const auto timeout = !e.is_used() ? options_.unused_timeout
                             : e.is_kept  ? options_.kept_timeout
                                          : options_.idle_timeout;
        return !e.is_open && now - e.last_seen.load() > timeout;
    };
    std::vector<entry_ptr> found, unread;
    for (auto& s : shards_) {
        std::lock_guard lock(s.mutex);
        for (const auto& [id, e] : s.entries) {
            if (e->state == condition::unusable || e->busy || !idle(*e)) continue;
            const bool is_live = e->state == condition::live;
            if (!is_live) e->busy = true;
            (is_live ? found : unread).push_back(e);
        }
    }
    for (const auto& e : unread)
        drop_unread(e);
    for (const auto& e : found)
        remove(e, idle, "This page was not used for a long time.", [this](reply&& r) {
            if (r.what == status::ended) ++totals_.expired;
        });
    return found.size() + unread.size();
}

}  // namespace stube::live
