#include "runtime/live_impl.hpp"
#include "runtime/logged.hpp"

#include <spdlog/logger.h>

#include <utility>
#include <vector>

namespace stube {

using namespace live;

// --- loading

load_summary live_map::impl::load() {
    load_summary summary;
    std::vector<entry_ptr> live;
    auto report =
        storage_->load_all([&](record&& stored) { add_loaded(std::move(stored), summary, live); });
    summary.quarantined = report.quarantined.size();
    for (const auto& bad : report.quarantined) {
        options_.logger->error(
            "quarantined conversation={} where={} why={}",
            bad.id,
            bad.where,
            logged(bad.why)
        );
    }
    begin_again(live);
    return summary;
}

/// All topics are known before anything happens: nobody misses a message.
void live_map::impl::begin_again(const std::vector<entry_ptr>& loaded) {
    for (const auto& e : loaded)
        note_topics(e);
    for (const auto& e : loaded)
        note_due(e);
    fail_interrupted(loaded);
}

void live_map::impl::add_loaded(
    record&& stored,
    load_summary& summary,
    std::vector<entry_ptr>& live
) {
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
        options_.logger->error("unusable conversation={} why={} (kept)", e->id, logged(why.what()));
    }
    add(e);
    // All of them come back, also when the limit is lower than it was.
    if (e->state != condition::live) return;
    owners_.put_back(e);
    live.push_back(std::move(e));
}

// --- beginning

void live_map::impl::mint(
    std::string mount,
    beginning with,
    std::string owner,
    std::string principal,
    runner& on,
    on_reply done
) {
    if (closed_) return done({.what = status::store_down});
    if (size_ >= options_.max_conversations) return done({.what = status::overloaded});
    auto* restored = std::get_if<conversation>(&with);
    conversation fresh = restored ? std::move(*restored) : conversation();
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
            fail_interrupted({e});
            for (const auto& oldest : owners_.add(e, options_.max_per_owner))
                make_room(oldest);
        }
        done(std::move(r));
    };
    auto begun = restored ? resume(std::move(fresh), world())
                          : begin(std::move(fresh), std::get<effect::call>(with), world());
    e->value = std::make_shared<const conversation>();
    // Not in the map before it is saved: nobody else knows the id yet.
    commit(e, std::move(op), std::move(begun));
}

}  // namespace stube
