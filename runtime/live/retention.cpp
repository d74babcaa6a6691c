#include "runtime/live/retention.hpp"

#include "runtime/component/quote_for_log.hpp"
#include "runtime/conversation/decoder.hpp"

#include <stube/runtime/component.hpp>

#include <exception>
#include <limits>
#include <map>
#include <utility>

namespace stube::live {

using namespace kernel;
using namespace storage;

namespace {

constexpr std::size_t rows_of_slice = 512;
constexpr std::size_t slices_of_step = 16;

/// Changes are saved in the transactions of other saves, which wait for them: 20 ms for 512 heads.
constexpr std::size_t changes_of_step = 64;
constexpr std::size_t heads_of_step = 512;

constexpr std::chrono::milliseconds round_interval = std::chrono::hours(6);

constexpr auto newest_head = std::numeric_limits<std::uint64_t>::max();

archive_upkeep* upkeep_of(store& storage) {
    return archive_of(storage) ? dynamic_cast<archive_upkeep*>(&storage) : nullptr;
}

std::optional<std::chrono::days> shortest_history() {
    std::optional<std::chrono::days> shortest;
    for (const auto* type : known_components()) {
        const auto keep = type->keep_history;
        if (keep && (!shortest || *keep < *shortest)) shortest = keep;
    }
    return shortest;
}

std::optional<std::chrono::days> history_of(std::string_view component) {
    const auto* type = find_component(component);
    return type ? type->keep_history : std::nullopt;
}

/// How long the heads of a held conversation are kept; empty for ever, also if this program cannot
/// know.
std::optional<std::chrono::days> history_of(const session& of) {
    if (of.value) {
        const auto root = of.value->root;
        return root == 0 ? std::nullopt : of.value->instances.at(root).type->keep_history;
    }
    return of.stored ? history_of(stored_root(of.stored->parts)) : std::nullopt;
}

}  // namespace

retention::retention(parts to, store& storage)
    : parts_(to),
      archive_(archive_of(storage)),
      upkeep_(upkeep_of(storage)),
      shortest_(upkeep_ ? shortest_history() : std::nullopt),
      next_round_(to.context.clock.steady()) {}

bool retention::begun_deletions::is_full() const {
    return ids.size() >= changes_of_step || heads >= heads_of_step;
}

std::size_t retention::step() {
    if (!may_begin()) return 0;
    begun_ = {};
    try {
        for (std::size_t i = 0; i < slices_of_step; ++i)
            if (!read_slice()) break;
    } catch (...) {
        submit_all();  // which releases the conversations
        throw;
    }
    submit_all();
    return begun_.ids.size();
}

/// The next step waits until the changes of the last one are saved. After the system's clock was
/// set, nothing is deleted for a while, as for idle conversations.
bool retention::may_begin() {
    if (!shortest_ || parts_.context.is_closed || in_flight_ > 0) return false;
    const bool waits = position_ == 0 && parts_.context.clock.steady() < next_round_;
    return !waits && parts_.removals.may_remove();
}

/// Returns true if the next slice can be read at once.
bool retention::read_slice() {
    const auto slice = upkeep_->appended_after(position_, rows_of_slice);
    const auto old = find_old(slice);
    for (const auto& each : old) {
        // The slice is read again, without the heads that are being deleted.
        if (begun_.is_full() || begun_.ids.contains(each.id)) return false;
        if (is_skipped(each.id)) continue;
        auto next = delete_old(each);
        if (!next) continue;
        begun_.all.push_back(*std::move(next));
        begun_.ids.insert(each.id);
        begun_.heads += each.heads.size();
    }
    // Heads are appended in the order of their times. But the system's clock may have been wrong
    // for some of them, so only a whole slice of newer heads ends the round.
    const bool is_end = slice.last_position == 0 || (old.empty() && !slice.heads.empty());
    position_ = is_end ? 0 : slice.last_position;
    if (!is_end) return true;
    next_round_ = parts_.context.clock.steady() + round_interval;
    const mutex_lock lock(mutex_);
    failed_.clear();
    return false;
}

/// The heads that are older than the shortest time of any component, for each conversation up to
/// its first newer head.
std::vector<retention::candidate> retention::find_old(const appended_heads& slice) const {
    std::vector<candidate> all;
    std::map<std::string_view, std::size_t> by_id;
    std::set<std::string_view> is_at_newer;
    for (const auto& head : slice.heads) {
        if (is_at_newer.contains(head.id)) continue;
        if (!is_older(head, *shortest_)) {
            is_at_newer.insert(head.id);
            continue;
        }
        const auto [at, is_new] = by_id.try_emplace(head.id, all.size());
        if (is_new) all.push_back({head.id, {}});
        all[at->second].heads.push_back(head);
    }
    return all;
}

bool retention::is_older(const appended_head& head, std::chrono::days keep) const {
    return time_point(std::chrono::milliseconds(head.time)) < parts_.context.clock.now() - keep;
}

/// Empty if nothing is to be deleted.
std::optional<retention::deletion> retention::delete_old(const candidate& old) {
    try {
        if (const auto e = parts_.registry.find(old.id)) return trim_live(old, e);
        return trim_ended(old);
    } catch (const std::exception& error) {  // damaged, or of another release
        parts_.context.log()
            .warn("old history stays conversation={} why={}", old.id, quote_for_log(error.what()));
        mark_failed(old.id);
        return std::nullopt;
    }
}

/// A conversation that is in use is skipped until the next round.
std::optional<retention::deletion> retention::trim_live(const candidate& old, const entry_ptr& e) {
    if (e->state != condition::live || !e->operations.try_hold()) return std::nullopt;
    auto held = held_entry::of(e);
    std::optional<change> wanted;
    try {
        const auto newest = archive_->heads(old.id, newest_head, 1);
        const auto keep = history_of(held.session());
        if (keep && !newest.empty()) wanted = trim_change(old, *keep, newest.front().number);
    } catch (...) {
        parts_.operations.release(std::move(held));
        throw;
    }
    if (!wanted) {
        parts_.operations.release(std::move(held));
        return std::nullopt;
    }
    return deletion{*std::move(wanted), std::move(held)};
}

/// The last two heads stay until the whole conversation is forgotten: the end has no parts, so the
/// head before it has the last state.
std::optional<retention::deletion> retention::trim_ended(const candidate& old) {
    const auto last = archive_->heads(old.id, newest_head, 2);
    if (last.empty()) return std::nullopt;
    auto state = archive_->state(old.id, last.front().number);
    if (state && state->parts.empty()) state = archive_->state(old.id, last.front().parent);
    const auto keep = state ? history_of(stored_root(state->parts)) : std::nullopt;
    if (!keep) return std::nullopt;
    const bool has_newest = old.heads.back().head == last.front().number;
    std::optional<change> wanted;
    if (has_newest && is_older(old.heads.back(), *keep)) {
        wanted.emplace();
        wanted->id = old.id;
        wanted->kind = change_kind::remove;
        wanted->forgets = true;
    } else if (last.size() == 2) {
        wanted = trim_change(old, *keep, last.back().number);
    }
    if (!wanted) return std::nullopt;
    return deletion{*std::move(wanted), std::nullopt};
}

/// Deletes the old heads below the number `before`; empty if there is none.
std::optional<change>
retention::trim_change(const candidate& old, std::chrono::days keep, std::uint64_t before) const {
    const appended_head* last = nullptr;
    for (const auto& head : old.heads) {
        if (head.head >= before || !is_older(head, keep)) break;
        last = &head;
    }
    if (!last) return std::nullopt;
    change out;
    out.id = old.id;
    out.kind = change_kind::trim;
    out.revision = last->head;
    out.position = last->position;
    return out;
}

/// Prepares the index with one transaction for all deletions, because that waits for the disk.
void retention::submit_all() {
    if (begun_.all.empty()) return;
    auto all = std::exchange(begun_.all, {});
    try {
        const std::vector<std::string> ids(begun_.ids.begin(), begun_.ids.end());
        parts_.indexer.begin_deletion(ids);
    } catch (const std::exception& error) {
        parts_.context.log().warn("old history stays why={}", quote_for_log(error.what()));
        for (auto& each : all) {
            mark_failed(each.wanted.id);
            if (each.held) parts_.operations.release(*std::move(each.held));
        }
        begun_ = {};
        return;
    }
    for (auto& each : all)
        submit(std::move(each));
}

void retention::submit(deletion next) {
    auto id = next.wanted.id;
    ++in_flight_;
    parts_.committer.save_upkeep(
        std::move(next.wanted),
        std::move(next.held),
        [this, id = std::move(id)](save_result saved, const std::string& why) {
            if (saved == save_result::durable) {
                ++parts_.context.totals.trims_done;
            } else {
                parts_.context.log()
                    .warn("old history stays conversation={} why={}", id, quote_for_log(why));
                mark_failed(id);
            }
            parts_.indexer.end_deletion(id);
            --in_flight_;
        }
    );
}

/// The next round tries again.
void retention::mark_failed(const std::string& id) {
    ++parts_.context.totals.trims_failed;
    const mutex_lock lock(mutex_);
    failed_.insert(id);
}

bool retention::is_skipped(const std::string& id) {
    const mutex_lock lock(mutex_);
    return failed_.contains(id);
}

}  // namespace stube::live
