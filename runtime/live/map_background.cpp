#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/live/map_impl.hpp"

#include <stube/runtime/deliveries.hpp>

#include <spdlog/logger.h>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

/// What happens to conversations without a user: timers, messages, results of background work. Each
/// is an operation in the conversation's line, so that whoever brings it need not wait.
namespace stube::live {

using namespace kernel;

namespace {

/// So many turns in a row, then a executor may do something else.
constexpr std::size_t turns_at_once = 32;

constexpr std::chrono::milliseconds shortest_retry = std::chrono::seconds(1);
constexpr std::uint8_t most_doublings = 8;  // then every four minutes

}  // namespace

// --- whose turn it is

executor& conversation_map::impl::runner_of(const entry& e) {
    if (runners_.empty()) return background_;
    return *runners_[std::hash<std::string_view>()(e.id) % runners_.size()];
}

conversation_map::impl::placed
conversation_map::impl::put_in_line(const entry_ptr& e, operation op) {
    op.on = &runner_of(*e);
    std::unique_lock lock(shard_of(e->id).mutex);
    if (e->state != condition::live) return placed::nowhere;
    const auto messages = e->waiting.count(origin::message);
    if (op.from != origin::message || messages < options_.max_messages) {
        e->waiting.put_last(std::move(op));
        return std::exchange(e->busy, true) ? placed::behind : placed::first;
    }
    ++totals_.messages_lost;
    const bool is_known = std::exchange(e->is_flooded, true);
    lock.unlock();
    if (!is_known)
        options_.logger->warn("messages lost conversation={} why=\"too many wait\"", e->id);
    return placed::nowhere;
}

/// One post for each executor, however many conversations it has to see to.
void conversation_map::impl::hand_out(const std::vector<entry_ptr>& free) {
    std::unordered_map<executor*, std::vector<entry_ptr>> by_runner;
    for (const auto& e : free)
        by_runner[&runner_of(*e)].push_back(e);
    for (auto& [on, mine] : by_runner)
        begin_turns(*on, std::make_shared<const std::vector<entry_ptr>>(std::move(mine)), 0);
}

void conversation_map::impl::begin_turns(executor& on, turns these, std::size_t from) {
    on.post([this, &on, these = std::move(these), from] {
        const auto end = std::min(these->size(), from + turns_at_once);
        for (auto at = from; at < end; ++at) {
            operation next;
            if (take_next((*these)[at], next)) perform((*these)[at], std::move(next));
        }
        if (end < these->size()) begin_turns(on, these, end);
    });
}

// --- what a change asks for, and what it means for clock and topics

void conversation_map::impl::carry_out(const entry_ptr& e, std::vector<any_command> requests) {
    for (auto& each : requests) {
        if (auto* message = std::get_if<command::publish>(&each)) {
            publish(message->topic, message->message);
        } else if (auto* stop = std::get_if<command::stop>(&each)) {
            stop_component(*e, *stop);
        } else {
            begin_work(*e, std::move(std::get<command::work>(each)));
        }
    }
}

void conversation_map::impl::stop_component(const entry& e, const command::stop& what) {
    try {
        run_stop(what, *e.value, world());
    } catch (...) {
        options_.logger->error(
            "stop failed conversation={} component={} why={}",
            e.id,
            what.leaving->type->name,
            quote_for_log(current_exception_message())
        );
    }
}

/// Nobody has seen it: only what has left is told so.
void conversation_map::impl::hold(entry& e, std::vector<any_command> requests) {
    for (auto& each : requests) {
        if (const auto* stop = std::get_if<command::stop>(&each))
            stop_component(e, *stop);
        else
            e.held.push_back(std::move(each));
    }
}

/// Somebody has seen it. What is deleted unseen has never begun.
void conversation_map::impl::begin_held(const entry_ptr& e, const operation& op) {
    auto held = std::exchange(e->held, {});
    if (op.from != origin::upkeep) carry_out(e, std::move(held));
    for (const auto number : std::exchange(e->lost_work, {}))
        give_result(interrupted_work(e->id, number));
}

void conversation_map::impl::note_topics(const entry_ptr& e) {
    auto now = topics(*e->value);
    if (e->value->unseen) {
        if (e->missing) return;
        e->missing = topics_.hold(now);
    } else if (e->missing) {
        const auto since = *std::exchange(e->missing, std::nullopt);
        deliver_missed(e, topics_.begin(e, e->topics, since, now));
    } else if (now == e->topics) {
        return;
    } else {
        topics_.change(e, e->topics, now);
    }
    e->topics = std::move(now);
}

void conversation_map::impl::forget_topics(const entry_ptr& e) {
    e->missing ? topics_.let_go(e->topics) : topics_.change(e, e->topics, {});
}

/// What was published between the rendering of its page and now; `e` is busy.
void conversation_map::impl::deliver_missed(const entry_ptr& e, const topic_index::missed& what) {
    for (const auto& each : what.letters)
        put_in_line(e, message_operation(each));
    if (what.is_complete) return;
    ++totals_.messages_lost;
    options_.logger->warn(
        "messages lost conversation={} why=\"too many before it was seen\"",
        e->id
    );
}

void conversation_map::impl::note_due(const entry_ptr& e) {
    if (closed_ || e->state != condition::live || e->is_new() || e->value->unseen) return;
    std::optional<time_point> wanted;
    // Most conversations wait for nothing: then no clock is read.
    if (!e->value->waiting.empty() || !e->again.empty()) {
        wanted = next_due(*e->value, clocks_.shift());
        const auto earliest = clocks_.now() + (e->not_before - clocks_.steady());
        if (!e->again.empty()) wanted = wanted ? std::min(*wanted, earliest) : earliest;
        if (wanted) wanted = std::max(*wanted, earliest);
    }
    if (wanted == e->due) return;
    e->due = wanted;
    timers_.set(e->id, wanted);
}

/// What was not done stays due: it is tried again later, and each time later than before.
void conversation_map::impl::note_setback(const entry_ptr& e, const operation& op, status how) {
    if (op.from == origin::user || op.from == origin::message) return;
    if (how == status::not_saved || (how == status::failed && op.from == origin::clock)) {
        e->not_before = clocks_.steady() + shortest_retry * (1 << e->setbacks);
        e->setbacks = std::min<std::uint8_t>(e->setbacks + 1, most_doublings);
    } else {
        e->setbacks = 0;
        e->not_before = {};
    }
}

// --- timers

/// The timer queue says that these are due.
void conversation_map::impl::ring(const std::vector<std::string>& ids) {
    if (closed_) return;
    std::vector<entry_ptr> free;
    for (const auto& id : ids) {
        auto e = find(id);
        if (e && put_in_line(e, clock_operation()) == placed::first) free.push_back(std::move(e));
    }
    hand_out(free);
}

operation conversation_map::impl::clock_operation() {
    operation op;
    op.from = origin::clock;
    op.change = [this](const conversation& now) {
        auto fired = fire_timers(now, world());
        if (fired.verdict == verdict::applied || fired.verdict == verdict::ended)
            ++totals_.timers_fired;
        return fired;
    };
    op.done = [](reply&&) {};
    return op;
}

/// Whether its timers are to be fired, when the clock's turn has come. Things may have changed
/// since the queue said so.
bool conversation_map::impl::is_due(const entry_ptr& e) {
    e->due.reset();
    if (!e->again.empty()) {
        std::lock_guard lock(shard_of(e->id).mutex);
        for (auto& each : e->again)
            e->waiting.put_last(std::move(each));
        e->again.clear();
    }
    const auto due = next_due(*e->value, clocks_.shift());
    if (due && *due <= clocks_.now()) return true;
    note_due(e);
    return false;
}

// --- messages

void conversation_map::impl::publish(std::string_view topic, std::string_view message) {
    if (closed_) return;
    const auto shared = std::make_shared<const letter>(std::string(topic), std::string(message));
    std::vector<entry_ptr> free;
    for (auto& e : topics_.publish(shared)) {
        if (put_in_line(e, message_operation(shared)) == placed::first)
            free.push_back(std::move(e));
    }
    hand_out(free);
}

operation conversation_map::impl::message_operation(const letter_ptr& what) {
    operation op;
    op.from = origin::message;
    op.change = [this, what](const conversation& now) {
        const auto wanted = topics(now);  // it may have left while the message was in line
        const bool is_wanted = std::ranges::binary_search(wanted, what->topic);
        return is_wanted ? deliver(now, what->topic, what->text, world())
                         : outcome{.verdict = verdict::stale};
    };
    op.done = [this](reply&& r) {
        if (r.what == status::ok || r.what == status::ended) ++totals_.messages_delivered;
        if (r.what == status::not_saved) ++totals_.messages_lost;
    };
    return op;
}

// --- background work

void conversation_map::impl::begin_work(const entry& e, command::work what) {
    if (closed_) return;  // it counts as interrupted then
    work_pool::job job;
    job.run = std::move(what.run);
    job.done = [this, id = e.id, number = what.number](work_pool::result&& how) {
        work_ended(id, number, std::move(how));
    };
    if (work_.submit(std::move(job))) return;
    const auto refused = ++totals_.work_refused;
    if (refused % 1000 == 1)
        options_.logger->warn("work refused count={} why=\"too much waits\"", refused);
    give_result({e.id, what.number, {}, failure{"This is not possible at the moment."}});
}

void conversation_map::impl::work_ended(
    const std::string& id,
    std::uint64_t number,
    work_pool::result&& how
) {
    ++(how.error ? totals_.work_failed : totals_.work_done);
    work_result what{id, number, std::move(how.value), std::nullopt, true};
    if (how.error) {
        options_.logger->error(
            "work failed conversation={} number={} why={}",
            id,
            number,
            quote_for_log(*how.error)
        );
        what.why_not = failure{not_completed};
    }
    give_result(std::move(what));
}

void conversation_map::impl::give_result(work_result what) {
    const auto e = find(what.id);
    if (!e) return;  // gone
    const bool is_awaited = what.is_awaited;
    if (is_awaited) results_.begin();
    const auto where =
        put_in_line(e, result_operation(std::make_shared<const work_result>(std::move(what))));
    if (where == placed::first) hand_out({e});
    if (where == placed::nowhere && is_awaited) results_.end();
}

operation conversation_map::impl::result_operation(const result_ptr& what) {
    operation op;
    op.from = origin::work;
    op.change = [this, what](const conversation& now) {
        if (what->is_given_up) return abandon_work(now, what->number, world());
        return what->why_not ? fail_work(now, what->number, *what->why_not, world())
                             : finish_work(now, what->number, what->value, world());
    };
    op.done = [this, what](reply&& r) {
        if (r.what == status::not_saved) try_again(what);
        if (r.what == status::failed) fail_instead(*what);
        if (what->is_awaited) results_.end();
    };
    return op;
}

/// What came of a result could not be shown or stored: the component hears of a failure, and if
/// that cannot be either, the page does. Else it would wait for ever.
void conversation_map::impl::fail_instead(const work_result& what) {
    if (what.is_given_up) return;
    work_result next{what.id, what.number, {}, failure{not_completed}};
    next.is_awaited = what.is_awaited;
    next.is_given_up = what.why_not.has_value();
    give_result(std::move(next));
}

/// A result must not be lost because the disk is full for a while.
void conversation_map::impl::try_again(const result_ptr& what) {
    const auto e = find(what->id);
    if (!e) return;
    auto copy = *what;
    copy.is_awaited = false;
    e->again.push_back(result_operation(std::make_shared<const work_result>(std::move(copy))));
    e->again.back().on = &runner_of(*e);
}

/// The end of what ran when it was stored, or waited then.
work_result interrupted_work(const std::string& id, std::uint64_t number) {
    return {id, number, {}, failure{was_interrupted}};
}

/// Nothing more begins. What runs, and its results, have some time to come home.
void conversation_map::impl::stop_work() {
    const auto latest = std::chrono::steady_clock::now() + options_.work_timeout;
    const auto left = work_.stop(options_.work_timeout);
    if (left.dropped > 0) options_.logger->warn("work dropped count={}", left.dropped);
    if (left.abandoned > 0) {
        options_.logger->error("work abandoned count={} why=\"still running\"", left.abandoned);
    }
    if (!results_.wait(latest)) options_.logger->error("results of work could not be delivered");
}

conversation_counts conversation_map::impl::counts() const {
    const auto work = work_.now();
    return {
        .timers = timers_.size(),
        .topics = topics_.size(),
        .work_running = work.running,
        .work_waiting = work.waiting,
        .timers_fired = totals_.timers_fired,
        .messages_delivered = totals_.messages_delivered,
        .messages_lost = totals_.messages_lost,
        .work_done = totals_.work_done,
        .work_failed = totals_.work_failed,
        .work_refused = totals_.work_refused,
        .rolled_back = totals_.rolled_back,
        .expired = totals_.expired,
        .evicted = totals_.evicted,
    };
}

}  // namespace stube::live
