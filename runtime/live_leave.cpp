#include "runtime/live_impl.hpp"
#include "runtime/logged.hpp"

#include <spdlog/logger.h>

#include <utility>

namespace stube {

using namespace live;

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
            options_.logger->error("stop failed conversation={} why={}", e->id, logged(error));
        }
        o.what = verdict::ended;
        o.next = now;
        o.next.end();
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

/// A mark has no value to change, and what another release has stored cannot be asked to stop.
void live_map::impl::drop_unread(const entry_ptr& e) {
    if (!forget(e)) return;
    change what;
    what.id = e->id;
    what.what = change::kind::remove;
    if (saver_) saver_->submit(std::move(what), here(), [](save_result, const std::string&) {});
}

std::size_t live_map::impl::reap() {
    const auto now = options_.clock();
    if (now - started_ < options_.grace_after_start) return 0;
    auto idle = [this, now](const entry& e) {
        const bool is_used = e.is_used || (e.value && !e.value->applied.empty());
        auto timeout = is_used ? options_.idle_timeout : options_.unused_timeout;
        return e.streams.empty() && now - e.last_seen.load() > timeout;
    };
    std::vector<entry_ptr> found;
    for (auto& s : shards_) {
        std::lock_guard lock(s.mutex);
        for (const auto& [id, e] : s.entries) {
            if (e->state != condition::unusable && !e->busy && idle(*e)) found.push_back(e);
        }
    }
    for (const auto& e : found) {
        if (e->state == condition::lost || e->state == condition::other_release) {
            drop_unread(e);
        } else {
            give_up(e, idle, "This page was not used for a long time.", [](reply&&) {});
        }
    }
    return found.size();
}

}  // namespace stube
