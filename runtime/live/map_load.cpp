#include "runtime/component/quote_for_log.hpp"
#include "runtime/conversation/decoder.hpp"
#include "runtime/live/map_impl.hpp"

#include <stube/runtime/deliveries.hpp>

#include <spdlog/logger.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stube::live {

using namespace kernel;

/// What loading has come to, and what the log says of it meanwhile.
class loading {
public:
    explicit loading(spdlog::logger& log) : log_(log) {}

    load_summary summary;
    std::vector<entry_ptr> usable;  ///< those that were decoded at once
    std::vector<std::pair<time_point, entry_ptr>>
        touched;  ///< those that may expire, and since when

    /// One more was looked at.
    void note_one() {
        if (++seen_ % 1000 != 0) return;
        const auto now = clock::now();
        if (now < last_said_ + std::chrono::seconds(1)) return;
        last_said_ = now;
        log_.info("loading conversations={}", seen_);
    }

    /// A line for one that cannot be used; after the first ones they are only counted.
    void note_bad(const std::string& line) {
        if (++bad_ <= most_lines) log_.error(line);
    }

    void finish() const {
        if (bad_ > most_lines) log_.error("not usable: {} more, not listed", bad_ - most_lines);
        if (seen_ + summary.quarantined == 0) return;
        using std::chrono::milliseconds;
        log_.info(
            "loaded conversations={} not_kept={} newer_shape={} unknown_component={} unusable={} "
            "quarantined={} ms={}",
            summary.loaded,
            summary.lost,
            summary.newer_shape,
            summary.unknown_component,
            summary.unusable,
            summary.quarantined,
            std::chrono::duration_cast<milliseconds>(clock::now() - begun_).count()
        );
    }

private:
    using clock = std::chrono::steady_clock;
    static constexpr std::size_t most_lines = 20;

    spdlog::logger& log_;
    std::size_t seen_ = 0;
    std::size_t bad_ = 0;
    clock::time_point begun_ = clock::now();
    clock::time_point last_said_ = begun_;
};

namespace {

/// Takes in what the store reads, from a few hundred on with a second thread: that is half of the
/// work of loading.
class intake {
public:
    explicit intake(std::function<void(record&&)> take) : take_(std::move(take)) {}

    void add(record&& one) {
        batch_.push_back(std::move(one));
        if (batch_.size() < worth_handing_over) return;
        auto batch = std::make_shared<std::vector<record>>(std::exchange(batch_, {}));
        batch_.reserve(worth_handing_over);
        thread_.post([this, batch] { take_all(*batch); });
    }

    /// Until all are taken. Throws what taking one has thrown.
    void finish() {
        thread_.stop();
        take_all(batch_);
        if (error_) std::rethrow_exception(error_);
    }

private:
    static constexpr std::size_t worth_handing_over = 256;

    void take_all(std::vector<record>& all) {
        try {
            for (auto& each : all)
                if (!error_) take_(std::move(each));
        } catch (...) {
            error_ = std::current_exception();
        }
    }

    std::function<void(record&&)> take_;
    std::vector<record> batch_;
    std::exception_ptr error_;
    background_thread thread_;  // ends before the rest goes
};

}  // namespace

load_summary conversation_map::impl::load() {
    loading progress(*options_.logger);
    intake all([&](record&& stored) { add_loaded(std::move(stored), progress); });
    auto report = storage_->load_all([&](record&& stored) { all.add(std::move(stored)); });
    all.finish();
    progress.summary.quarantined = report.quarantined.size();
    for (const auto& bad : report.quarantined) {
        progress.note_bad(
            "quarantined conversation=" + bad.id + " where=" + bad.where +
            " why=" + quote_for_log(bad.why)
        );
    }
    for (const auto& warning : report.warnings)
        options_.logger->error("loading why={}", quote_for_log(warning));
    progress.finish();
    if (saver_) saver_->watch();
    date_loaded(progress);
    begin_again(progress.usable);
    return progress.summary;
}

/// How long each was idle already. That is counted up to the last use of any of them, since nobody
/// could use them while no server ran; and not from what a clock said that was ahead of this one's.
void conversation_map::impl::date_loaded(loading& progress) {
    auto& all = progress.touched;
    if (all.empty()) return;
    std::ranges::sort(all, {}, &std::pair<time_point, entry_ptr>::first);
    const auto newest = std::min(all.back().first, clocks_.now());
    const auto now = clocks_.steady();
    for (const auto& [touched, e] : all) {
        e->last_seen = now - std::max(newest - touched, std::chrono::milliseconds(0));
        if (e->state == condition::live && !e->is_used()) unused_.add(e);
    }
}

/// All are asked before anything happens: nobody misses a message, and nobody changes meanwhile.
void conversation_map::impl::begin_again(const std::vector<entry_ptr>& loaded) {
    std::vector<std::pair<std::string, time_point>> due;
    std::vector<work_result> interrupted;
    for (const auto& e : loaded) {
        note_topics(e);
        auto lost = unfinished_work(*e->value);
        if (e->value->unseen) {
            e->lost_work = std::move(lost);
            continue;
        }
        e->due = next_due(*e->value);
        if (e->due) due.emplace_back(e->id, *e->due);
        for (const auto number : lost)
            interrupted.push_back(interrupted_work(e->id, number));
    }
    for (const auto& [id, when] : due)
        timers_.set(id, when);
    for (auto& each : interrupted)
        give_result(std::move(each));
}

namespace {

/// Why a stored conversation cannot be used, as the entry's condition. Called while an exception is
/// handled.
condition condition_for(const std::exception& why) {
    const bool is_other = dynamic_cast<const newer_shape*>(&why) != nullptr ||
                          dynamic_cast<const unknown_component*>(&why) != nullptr;
    return is_other ? condition::other_release : condition::unusable;
}

std::string line_for(const entry& e, const std::exception& why) {
    const std::string_view what = dynamic_cast<const newer_shape*>(&why) ? "newer_shape"
                                  : dynamic_cast<const unknown_component*>(&why)
                                      ? "unknown_component"
                                      : "unusable";
    return std::string(what) + " conversation=" + e.id + " why=" + quote_for_log(why.what()) +
           " (kept)";
}

}  // namespace

/// Makes the value. Throws if this program cannot.
void conversation_map::impl::read_stored(entry& e) {
    auto value = std::make_shared<const conversation>(decode_conversation(*e.stored));
    std::lock_guard lock(shard_of(e.id).mutex);
    e.value = std::move(value);
    e.stored.reset();
}

/// What was loaded as bytes is used for the first time: `e` is busy. False if this program cannot
/// read it.
bool conversation_map::impl::make_usable(const entry_ptr& e) {
    try {
        read_stored(*e);
        return true;
    } catch (const std::exception& why) {
        options_.logger->error(line_for(*e, why));
        std::lock_guard lock(shard_of(e->id).mutex);
        e->state = condition_for(why);
        e->stored.reset();
    }
    owners_.remove(e);
    return false;
}

/// Knows it by its head alone; what waits for something is decoded, since nobody else would.
void conversation_map::impl::place_loaded(const entry_ptr& e, record&& stored, loading& progress) {
    if (stored.status == keeping::not_kept) {
        auto mark = decode_tombstone(stored);
        e->state = condition::lost;
        e->owner = std::move(mark.owner);
        e->mount = std::move(mark.mount);
        e->marked = true;
        e->had_event = true;
        ++progress.summary.lost;
        progress.touched.emplace_back(mark.touched, e);
        return;
    }
    auto head = read_head(stored);
    e->owner = std::move(head.owner);
    e->had_event = head.is_used;
    e->is_kept = head.kept;
    progress.touched.emplace_back(head.touched, e);
    check_shapes(head);
    e->stored = std::make_unique<const record>(std::move(stored));
    if (head.waits) read_stored(*e);
    e->asleep = true;
    ++progress.summary.loaded;
}

void conversation_map::impl::add_loaded(record&& stored, loading& progress) {
    auto e = std::make_shared<entry>();
    e->id = stored.id;
    auto& summary = progress.summary;
    try {
        place_loaded(e, std::move(stored), progress);
    } catch (const std::exception& why) {
        e->state = condition_for(why);
        e->stored.reset();
        ++(dynamic_cast<const newer_shape*>(&why)         ? summary.newer_shape
           : dynamic_cast<const unknown_component*>(&why) ? summary.unknown_component
                                                          : summary.unusable);
        progress.note_bad(line_for(*e, why));
    }
    progress.note_one();
    add(e);
    // All of them come back, also when the limit is lower than it was.
    if (e->state != condition::live) return;
    owners_.put_back(e);
    if (e->value) progress.usable.push_back(std::move(e));
}

}  // namespace stube::live
