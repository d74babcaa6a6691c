#include "runtime/kernel/diff.hpp"
#include "runtime/kernel/history.hpp"
#include "runtime/kernel/settle.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/deliveries.hpp>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace stube::kernel {

namespace {

/// What came of one part of a turn.
void add(turn& t, conversation& at, outcome& all) {
    if (t.goes_back()) throw std::logic_error("stube: only an event of a user can go back");
    if (const auto url = t.ended() ? std::nullopt : changed_url(t)) {
        t.next().url = url->text;
        all.patches.push_back(page_command({{"url", url->text}, {"push", false}}));
    }
    if (all.error.empty()) all.error = t.error();
    append(all.patches, std::move(t.extras()));
    append(all.patches, std::move(t.notices()));
    for (auto& each : t.outbox())
        all.outbox.push_back(std::move(each));
    const bool passes_on = t.is_step() && !at.durable();
    at = std::move(t.next());
    at.passed_on = (at.passed_on || passes_on) && !at.durable();
    if (t.seals()) forget_steps(at);
    if (t.ended()) {
        all.what = verdict::ended;
        all.patches = {{.what = patch::kind::final, .content = t.final_view()}};
    }
}

using way = std::function<void(turn&)>;

/// One part of a turn that the clock or others ask for. If it throws, it is undone, and goes the
/// next way; the others still happen.
void run_alone(
    conversation& at,
    outcome& all,
    const environment& world,
    std::initializer_list<way> ways
) {
    std::string why;
    for (const auto& go : ways) {
        try {
            turn t(at, world);
            go(t);
            add(t, at, all);
            break;
        } catch (...) {
            if (why.empty()) why = current_exception_message();
        }
    }
    if (!why.empty()) all.error = why;
}

/// Ends a turn that was put together with `run_alone`.
outcome conclude(const conversation& now, conversation at, outcome all, const environment& world) {
    return guarded([&] {
        at.advance();
        at.touched = now.touched;
        if (all.what == verdict::applied) {
            auto shown = diff(now, at, 0, world);
            forget_patched(at, all.patches);
            append(shown, std::move(all.patches));
            all.patches = std::move(shown);
        }
        all.next = std::move(at);
        return std::move(all);
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
    std::size_t order;  ///< of those due at once, the one that was asked for first
    instance_id of;
    timer what;
};

/// What is due, the earliest first.
std::vector<due_timer> due_timers(const conversation& of, const environment& world) {
    std::vector<due_timer> out;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->timers) {
            const auto due = each.due_with(world.clock_shift);
            if (due <= world.now) out.push_back({due, out.size(), id, each});
        }
    }
    std::ranges::sort(out, {}, [](const due_timer& each) {
        return std::pair(each.due, each.order);
    });
    return out;
}

/// Takes the timer off its instance; false if it has gone, with its instance or by itself.
bool take_timer(turn& t, const due_timer& due) {
    const auto* there = t.next().instances.find(due.of);
    if (!there || !there->waits) return false;
    auto is_it = [&](const timer& each) {
        return each.due == due.what.due && each.to == due.what.to &&
               each.arguments == due.what.arguments;
    };
    if (std::ranges::none_of(there->waits->timers, is_it)) return false;
    t.change_waits(due.of, [&](attachments& waits) {
        waits.timers.erase(std::ranges::find_if(waits.timers, is_it));
    });
    return true;
}

}  // namespace

outcome fire_timers(const conversation& now, const environment& world) {
    auto at = now;
    outcome all;
    const auto timers = due_timers(now, world);
    if (timers.empty()) return {.what = verdict::stale};
    for (const auto& due : timers) {
        if (all.what == verdict::ended) break;
        const way fire = [&](turn& t) {
            if (take_timer(t, due)) t.receive(due.of, *due.what.to, due.what.arguments);
        };
        // A flow has gone on, though its turn was undone. Resumed again, it finds that out and
        // fails.
        const way fire_again = [&](turn& t) {
            const auto* there = t.next().instances.find(due.of);
            if (there && there->type->answers_once) return fire(t);
            take_timer(t, due);
        };
        run_alone(at, all, world, {fire, fire_again, [&](turn& t) { take_timer(t, due); }});
    }
    return conclude(now, std::move(at), std::move(all), world);
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
    const conversation& now,
    std::string_view topic,
    std::string_view message,
    const environment& world
) {
    auto at = now;
    outcome all;
    const auto hearing = subscribers(now, topic);
    if (hearing.empty()) return {.what = verdict::stale};
    for (const auto& [to, member] : hearing) {
        if (all.what == verdict::ended) break;
        run_alone(at, all, world, {[&, id = to, heard_by = member](turn& t) {
                      t.receive(id, *heard_by, message);
                  }});
    }
    return conclude(now, std::move(at), std::move(all), world);
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

/// Ends a piece of work. `tell` says so to the instance that waits for it. If that throws, the
/// instance hears of a failure, and if that throws too, only the page does: it would wait for ever.
outcome end_work(
    const conversation& now,
    std::uint64_t number,
    const environment& world,
    const std::function<void(turn&, instance_id, const pending_work&)>& tell
) {
    for (auto id : now.waiting) {
        for (const auto& each : now.instances.at(id).waits->work) {
            if (each.number != number) continue;
            auto take = [&](turn& t) {
                t.change_waits(id, [&](attachments& waits) {
                    std::erase_if(waits.work, [&](const auto& w) { return w.number == number; });
                });
            };
            auto at = now;
            outcome all;
            const way with_result = [&](turn& t) {
                take(t);
                tell(t, id, each);
            };
            const way with_failure = [&](turn& t) {
                take(t);
                t.give_failure(id, each, {not_completed});
            };
            const way without = [&](turn& t) {
                take(t);
                t.tell_failure({not_completed});
            };
            run_alone(at, all, world, {with_result, with_failure, without});
            return conclude(now, std::move(at), std::move(all), world);
        }
    }
    return {.what = verdict::stale};
}

}  // namespace

outcome finish_work(
    const conversation& now,
    std::uint64_t number,
    const answer_value& result,
    const environment& world
) {
    return end_work(now, number, world, [&](turn& t, instance_id id, const pending_work& work) {
        t.give_result(id, work, result);
    });
}

outcome fail_work(
    const conversation& now,
    std::uint64_t number,
    const failure& why,
    const environment& world
) {
    return end_work(now, number, world, [&](turn& t, instance_id id, const pending_work& work) {
        t.give_failure(id, work, why);
    });
}

outcome give_up_work(const conversation& now, std::uint64_t number, const environment& world) {
    return end_work(now, number, world, [&](turn& t, instance_id, const pending_work&) {
        t.tell_failure({not_completed});
    });
}

}  // namespace stube::kernel
