#include "runtime/live/expiry.hpp"

#include <stube/runtime/kernel.hpp>

#include <boost/describe/enum_to_string.hpp>

#include <utility>
#include <vector>

namespace stube::live {

using namespace kernel;

/// Deletes a conversation if `wanted` is still true when the operation runs. `text` is the last
/// text that its pages show.
void expiry::remove(const entry_ptr& e, predicate wanted, std::string_view text, on_reply done) {
    change_action removal{cause::removal{std::string(text)}};
    removal.is_wanted = [e, wanted = std::move(wanted)] { return wanted(*e); };
    removal.runs_wakeup = false;
    operation op{
        .action = std::move(removal),
        .on = &parts_.context.executor_of(*e),
        .done = std::move(done),
        .from = origin::upkeep
    };
    parts_.operations.submit(e->id, {}, std::move(op));
}

// --- limits

bool expiry::reserve() {
    const auto count = parts_.registry.size() + arriving_;
    const auto limit = parts_.context.options.max_conversations + leaving_;
    if (count >= limit && !evict_unused()) return false;
    ++arriving_;
    return true;
}

void expiry::add_to_owner(const entry_ptr& e) {
    const auto limit = parts_.context.options.max_per_owner;
    for (const auto& least : parts_.registry.by_owner().add(e, limit))
        evict_for_owner(least);
}

void expiry::evict_for_owner(const entry_ptr& e) {
    const auto worth_now = e->worth();
    remove(
        e,
        [worth_now](const entry& later) { return later.worth() <= worth_now; },
        "This page was closed because many others were opened after it.",
        [this, e, worth_now](reply&& r) {
            if (r.result == status::ended)
                record_eviction(*e, worth_now, "its visitor has too many");
            else
                parts_.registry.by_owner().count(e);
        }
    );
}

/// False if every conversation was used.
bool expiry::evict_unused() {
    const auto oldest = parts_.registry.unused().take_oldest();
    if (!oldest) return false;
    ++leaving_;
    remove(
        oldest,
        [](const entry& now) { return now.worth() == worth::unused; },
        "This page was closed because it was never used and many others were opened after it.",
        [this, oldest](reply&& r) {
            --leaving_;
            if (r.result == status::ended)
                record_eviction(*oldest, worth::unused, "there are too many");
            else if (oldest->state == condition::live && !oldest->is_used())
                parts_.registry.unused().add(oldest);
        }
    );
    return true;
}

void expiry::record_eviction(const entry& e, worth at_eviction, std::string_view why) {
    ++parts_.context.totals.evicted;
    auto& log = parts_.context.log();
    // The log limits lines of each kind separately. So the many evictions of unused conversations,
    // which crawlers cause, do not hide the other ones.
    if (at_eviction == worth::unused) {
        log.info("evicted unused conversation={} why=\"{}\"", e.id, why);
    } else {
        const auto* name = boost::describe::enum_to_string(at_eviction, "");
        log.warn("evicted conversation={} was={} why=\"{}\"", e.id, name, why);
    }
}

// --- idle conversations

std::size_t expiry::reap() {
    if (parts_.context.is_closed || !parts_.removals.may_remove()) return 0;
    const auto& options = parts_.context.options;
    const auto is_idle = [&options, now = parts_.context.clock.steady()](const entry& e) {
        const auto timeout = !e.is_used() ? options.unused_timeout
                             : e.is_kept  ? options.kept_timeout
                                          : options.idle_timeout;
        return !e.streams.is_open() && now - e.last_seen.load() > timeout;
    };
    const auto found = parts_.registry.find_all([&](const entry_ptr& e) {
        return e->state != condition::unusable && is_idle(*e) && !e->operations.is_held();
    });
    std::size_t count = 0;
    for (const auto& e : found) {
        if (e->state == condition::live) {
            remove(e, is_idle, "This page was not used for a long time.", [this](reply&& r) {
                if (r.result == status::ended) ++parts_.context.totals.expired;
            });
        } else if (e->operations.try_hold()) {
            parts_.committer.remove_unread(held_entry::of(e), [this] {
                ++parts_.context.totals.expired;
            });
        } else {
            continue;
        }
        ++count;
    }
    return count;
}

}  // namespace stube::live
