#include "runtime/live/loader.hpp"

#include "runtime/component/quote_for_log.hpp"
#include "runtime/conversation/decoder.hpp"
#include "runtime/live/background_thread.hpp"
#include "runtime/live/hydration.hpp"

#include <stube/runtime/deliveries.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace stube::live {

using namespace kernel;
using namespace storage;

/// Collects the result of loading, and logs its progress.
class load_progress {
public:
    explicit load_progress(spdlog::logger& log) : log_(log) {}

    load_summary summary;
    std::vector<entry_ptr> decoded;  ///< decoded at load, because they wait for something
    /// Conversations that may expire, with their last use.
    std::vector<std::pair<time_point, entry_ptr>> touched;

    void count_record() {
        if (++count_ % 1000 != 0) return;
        const auto now = clock::now();
        if (now < last_line_ + std::chrono::seconds(1)) return;
        last_line_ = now;
        log_.info("loading conversations={}", count_);
    }

    /// Logs a conversation that cannot be used. After the first ones, only counts them.
    void report_bad(const std::string& line) {
        if (++bad_ <= max_lines) log_.error(line);
    }

    void finish() const {
        if (bad_ > max_lines) log_.error("not usable: {} more, not listed", bad_ - max_lines);
        if (count_ + summary.quarantined == 0) return;
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
    static constexpr std::size_t max_lines = 20;

    spdlog::logger& log_;
    std::size_t count_ = 0;
    std::size_t bad_ = 0;
    clock::time_point begun_ = clock::now();
    clock::time_point last_line_ = begun_;
};

namespace {

/// Takes records from the store and passes them on. If there are more than a few hundred, a second
/// thread decodes them, because decoding is half of the work of loading.
class intake {
public:
    explicit intake(std::function<void(record&&)> take) : take_(std::move(take)) {}

    void add(record&& stored) {
        batch_.push_back(std::move(stored));
        if (batch_.size() < batch_size) return;
        auto batch = std::make_shared<std::vector<record>>(std::exchange(batch_, {}));
        batch_.reserve(batch_size);
        thread_.post([this, batch] { take_all(*batch); });
    }

    /// Waits until all records are passed on. Throws the exception of the first one that failed.
    void finish() {
        thread_.stop();
        take_all(batch_);
        if (error_) std::rethrow_exception(error_);
    }

private:
    static constexpr std::size_t batch_size = 256;

    void take_all(std::vector<record>& records) {
        try {
            for (auto& stored : records)
                if (!error_) take_(std::move(stored));
        } catch (...) {
            error_ = std::current_exception();
        }
    }

    std::function<void(record&&)> take_;
    std::vector<record> batch_;
    std::exception_ptr error_;
    background_thread thread_;  // last: it uses the rest
};

}  // namespace

load_summary loader::load(store& from) {
    auto& log = parts_.context.log();
    load_progress progress(log);
    intake records([&](record&& stored) { add(std::move(stored), progress); });
    auto report = from.load_all([&](record&& stored) { records.add(std::move(stored)); });
    records.finish();
    progress.summary.quarantined = report.quarantined.size();
    for (const auto& bad : report.quarantined) {
        progress.report_bad(
            "quarantined conversation=" + bad.id + " where=" + bad.where +
            " why=" + quote_for_log(bad.why)
        );
    }
    for (const auto& warning : report.warnings)
        log.error("loading why={}", quote_for_log(warning));
    progress.finish();
    set_idle_times(progress);
    resume_waiting(progress.decoded);
    return progress.summary;
}

void loader::add(record&& stored, load_progress& progress) {
    auto e = std::make_shared<entry>();
    e->id = stored.id;
    auto& summary = progress.summary;
    try {
        read(held_entry::of(e), std::move(stored), progress);
    } catch (const std::exception& why) {
        e->state = condition_for(why);
        held_entry::of(e).session().stored.reset();
        ++(dynamic_cast<const newer_shape*>(&why)         ? summary.newer_shape
           : dynamic_cast<const unknown_component*>(&why) ? summary.unknown_component
                                                          : summary.unusable);
        progress.report_bad(describe_unreadable(*e, why));
    }
    progress.count_record();
    parts_.registry.add(e);
    // All stored conversations are loaded, even if the owner's limit is lower than before.
    if (e->state != condition::live) return;
    parts_.registry.by_owner().count(e);
    if (held_entry::of(e).session().value) progress.decoded.push_back(std::move(e));
}

/// Reads only the head. A conversation that waits for something is decoded at once, because it must
/// run without a request.
void loader::read(const held_entry& held, record&& stored, load_progress& progress) {
    auto& session = held.session();
    if (stored.status == record_status::tombstone) {
        auto tombstone = decode_tombstone(stored);
        held->state = condition::lost;
        held->owner = std::move(tombstone.owner);
        held->mount = std::move(tombstone.mount);
        held->had_event = true;
        session.has_tombstone = true;
        ++progress.summary.lost;
        progress.touched.emplace_back(tombstone.touched, held.pointer());
        return;
    }
    auto head = read_head(stored);
    held->owner = std::move(head.owner);
    held->had_event = head.is_used;
    held->is_kept = head.kept;
    progress.touched.emplace_back(head.touched, held.pointer());
    check_shapes(head);
    session.stored = std::make_unique<const record>(std::move(stored));
    if (head.waits) decode_stored(held, parts_.context.options.secrets);
    session.needs_wakeup = true;
    ++progress.summary.loaded;
}

/// Sets the time for which each conversation was idle. It is counted up to the last use of any
/// conversation, because no server may have run after that. A last use in the future, from a clock
/// that was ahead, counts as now.
void loader::set_idle_times(load_progress& progress) {
    auto& touched = progress.touched;
    if (touched.empty()) return;
    std::ranges::sort(touched, {}, &std::pair<time_point, entry_ptr>::first);
    const auto newest = std::min(touched.back().first, parts_.context.clock.now());
    const auto now = parts_.context.clock.steady();
    for (const auto& [last_use, e] : touched) {
        e->last_seen = now - std::max(newest - last_use, std::chrono::milliseconds(0));
        if (e->state == condition::live && !e->is_used()) parts_.registry.unused().add(e);
    }
}

/// Enters all subscriptions before any timer or result, so that no subscriber misses a message.
/// Then enters the timers and fails interrupted work.
void loader::resume_waiting(const std::vector<entry_ptr>& decoded) {
    std::vector<std::pair<std::string, time_point>> due;
    std::vector<work_result> interrupted;
    for (const auto& e : decoded) {
        const auto held = held_entry::of(e);
        parts_.messages.update_topics(held);
        auto lost = unfinished_work(held.value());
        if (held.value().unseen) {
            if (!lost.empty()) held.session().make_background().interrupted_work = std::move(lost);
            continue;
        }
        if (const auto next = next_due(held.value())) {
            held.session().make_background().due = next;
            due.emplace_back(e->id, *next);
        }
        for (const auto number : lost)
            interrupted.push_back(interrupted_work(e->id, number));
    }
    for (const auto& [id, when] : due)
        parts_.timers.schedule(id, when);
    for (auto& result : interrupted)
        parts_.work.deliver(std::move(result));
}

}  // namespace stube::live
