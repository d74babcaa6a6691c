#include "runtime/kernel/diff.hpp"
#include "runtime/kernel/history.hpp"
#include "runtime/kernel/settle.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/component_error.hpp>
#include <stube/runtime/deliveries.hpp>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>

namespace stube::kernel {

namespace {

/// Adds the result of one turn to `next` and `result`, which collect the results of several turns.
void add_turn(turn& done, conversation& next, outcome& result) {
    if (done.goes_back()) throw component_error("stube: only an event of a user can go back");
    if (const auto url = done.ended() ? std::nullopt : changed_url(done)) {
        done.next().url = url->text;
        result.patches.push_back(page_command({{"url", url->text}, {"push", false}}));
    }
    if (result.error.empty()) result.error = done.error();
    append(result.patches, std::move(done.extras()));
    append(result.patches, std::move(done.notices()));
    for (auto& each : done.outbox())
        result.outbox.push_back(std::move(each));
    for (auto& each : done.aliases())
        result.aliases.push_back(std::move(each));
    const bool passes_history = done.is_step() && !next.durable();
    next = std::move(done.next());
    next.has_advanced_past_history =
        (next.has_advanced_past_history || passes_history) && !next.durable();
    if (done.seals()) clear_history(next);
    if (done.ended()) {
        result.verdict = verdict::ended;
        result.patches = {{.kind = patch_kind::final, .content = done.final_view()}};
    }
}

using attempt = std::function<void(turn&)>;

/// Runs one delivery as a turn of its own. If an attempt throws, it is undone and the next one is
/// tried. Other deliveries of the same outcome are not affected.
void try_in_order(
    conversation& next,
    outcome& result,
    const environment& env,
    std::initializer_list<attempt> attempts
) {
    std::string why;
    for (const auto& run_attempt : attempts) {
        try {
            turn t(next, env);
            run_attempt(t);
            add_turn(t, next, result);
            break;
        } catch (...) {
            if (why.empty()) why = current_exception_message();
        }
    }
    if (!why.empty()) result.error = why;
}

/// Computes the outcome of all deliveries that `try_in_order` has made since `before`.
outcome
conclude(const conversation& before, conversation next, outcome result, const environment& env) {
    return guarded([&] {
        next.advance();
        next.touched = before.touched;
        if (result.verdict == verdict::applied) {
            auto shown = diff(before, next, 0, env);
            forget_patched(next, result.patches);
            append(shown, std::move(result.patches));
            result.patches = std::move(shown);
        }
        result.next = std::move(next);
        return std::move(result);
    });
}

}  // namespace

std::optional<time_point> next_due(const conversation& of, std::chrono::milliseconds clock_shift) {
    std::optional<time_point> first;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->timers) {
            const auto due = each.due_with(clock_shift);
            if (!first || due < *first) first = due;
        }
    }
    return first;
}

namespace {

struct due_timer {
    time_point due;
    std::size_t order;  ///< the order in which timers with the same time were set
    instance_id of;
    kernel::timer timer;
};

/// All due timers, the earliest first.
std::vector<due_timer> due_timers(const conversation& of, const environment& env) {
    std::vector<due_timer> out;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->timers) {
            const auto due = each.due_with(env.clock_shift);
            if (due <= env.now) out.push_back({due, out.size(), id, each});
        }
    }
    std::ranges::sort(out, {}, [](const due_timer& each) {
        return std::pair(each.due, each.order);
    });
    return out;
}

/// Removes a timer from its instance. Returns false if the instance or the timer is not there any
/// more.
bool take_timer(turn& t, const due_timer& due) {
    const auto* owner = t.next().instances.find(due.of);
    if (!owner || !owner->waits) return false;
    auto is_due = [&](const timer& each) {
        return each.due == due.timer.due && each.to == due.timer.to &&
               each.arguments == due.timer.arguments;
    };
    if (std::ranges::none_of(owner->waits->timers, is_due)) return false;
    t.change_waits(due.of, [&](wait_set& waits) {
        waits.timers.erase(std::ranges::find_if(waits.timers, is_due));
    });
    return true;
}

}  // namespace

outcome fire_timers(const conversation& current, const environment& env) {
    auto next = current;
    outcome result;
    const auto timers = due_timers(current, env);
    if (timers.empty()) return {.verdict = verdict::stale};
    for (const auto& due : timers) {
        if (result.verdict == verdict::ended) break;
        const attempt fire = [&](turn& t) {
            if (take_timer(t, due)) t.receive(due.of, *due.timer.to, due.timer.arguments);
        };
        // A flow that threw has advanced, although its turn was undone. If it is resumed again, it
        // detects this and fails.
        const attempt fail_flow = [&](turn& t) {
            const auto* owner = t.next().instances.find(due.of);
            if (owner && owner->type->answers_once) return fire(t);
            take_timer(t, due);
        };
        const attempt only_remove = [&](turn& t) { take_timer(t, due); };
        try_in_order(next, result, env, {fire, fail_flow, only_remove});
    }
    return conclude(current, std::move(next), std::move(result), env);
}

std::vector<std::string> topics(const conversation& of) {
    std::set<std::string> out;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->subscriptions)
            out.insert(each.topic);
    }
    return {out.begin(), out.end()};
}

outcome deliver(
    const conversation& current,
    std::string_view topic,
    std::string_view message,
    const environment& env
) {
    auto next = current;
    outcome result;
    const auto receivers = subscribers(current, topic);
    if (receivers.empty()) return {.verdict = verdict::stale};
    for (const auto& [to, to_member] : receivers) {
        if (result.verdict == verdict::ended) break;
        const attempt receive = [&, id = to, member = to_member](turn& t) {
            t.receive(id, *member, message);
        };
        try_in_order(next, result, env, {receive});
    }
    return conclude(current, std::move(next), std::move(result), env);
}

std::vector<std::uint64_t> unfinished_work(const conversation& of) {
    std::vector<std::uint64_t> out;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->work)
            out.push_back(each.number);
    }
    return out;
}

namespace {

/// Ends background work. `give` delivers its result to the instance that waits for it. If that
/// throws, the instance gets a failure instead. If that throws too, only the page shows the
/// failure. In each case the work ends: an instance must not wait forever.
outcome end_work(
    const conversation& current,
    std::uint64_t number,
    const environment& env,
    const std::function<void(turn&, instance_id, const pending_work&)>& give
) {
    for (auto id : current.waiting) {
        for (const auto& each : current.instances.at(id).waits->work) {
            if (each.number != number) continue;
            auto remove_work = [&](turn& t) {
                t.change_waits(id, [&](wait_set& waits) {
                    std::erase_if(waits.work, [&](const auto& w) { return w.number == number; });
                });
            };
            auto next = current;
            outcome result;
            const attempt give_result = [&](turn& t) {
                remove_work(t);
                give(t, id, each);
            };
            const attempt give_failure = [&](turn& t) {
                remove_work(t);
                t.give_failure(id, each, {not_completed});
            };
            const attempt only_show = [&](turn& t) {
                remove_work(t);
                t.show_failure({not_completed});
            };
            try_in_order(next, result, env, {give_result, give_failure, only_show});
            return conclude(current, std::move(next), std::move(result), env);
        }
    }
    return {.verdict = verdict::stale};
}

}  // namespace

outcome finish_work(
    const conversation& current,
    std::uint64_t number,
    const answer_value& result,
    const environment& env
) {
    return end_work(current, number, env, [&](turn& t, instance_id id, const pending_work& work) {
        t.give_result(id, work, result);
    });
}

outcome fail_work(
    const conversation& current,
    std::uint64_t number,
    const failure& why,
    const environment& env
) {
    return end_work(current, number, env, [&](turn& t, instance_id id, const pending_work& work) {
        t.give_failure(id, work, why);
    });
}

outcome abandon_work(const conversation& current, std::uint64_t number, const environment& env) {
    return end_work(current, number, env, [&](turn& t, instance_id, const pending_work&) {
        t.show_failure({not_completed});
    });
}

}  // namespace stube::kernel
