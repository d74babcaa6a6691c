#include "runtime/kernel/history.hpp"

#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/settle.hpp"
#include "store/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace stube::kernel {

void record_step(const conversation& before, turn& done) {
    auto& next = done.next();
    if (!before.durable()) {
        // The browser needs one history entry of its own: without it Back would leave the page.
        const bool is_first = next.past.empty() && !next.has_advanced_past_history;
        next.has_advanced_past_history = true;
        if (is_first) next.step = ++next.last_step;
        return;
    }
    if (next.past.size() >= max_history) next.past.erase(next.past.begin());
    next.past.push_back(std::make_shared<const history_step>(history_step{
        before.step,
        typed_version(next.revision),
        before.root,
        done.before(),
        before.types(),
        before.url
    }));
    next.step = ++next.last_step;
}

void clear_history(conversation& in) {
    in.past.clear();
    in.future.clear();
}

namespace {

/// The position of a step in the past or in the future.
struct step_position {
    bool in_past = false;
    std::size_t index = 0;
};

std::optional<step_position>
find_step(const conversation& in, std::optional<std::uint64_t> wanted) {
    if (!wanted) {
        if (in.past.empty()) return std::nullopt;
        return step_position{true, in.past.size() - 1};
    }
    for (bool in_past : {true, false}) {
        const auto& steps = in_past ? in.past : in.future;
        auto found = std::ranges::find(steps, *wanted, [](const auto& each) { return each->step; });
        if (found != steps.end())
            return step_position{in_past, static_cast<std::size_t>(found - steps.begin())};
    }
    return std::nullopt;
}

/// Removes a step from the history and returns it. The present becomes a step, and the steps
/// between the two change sides.
history_step_ptr take_step(conversation& next, step_position to) {
    auto& from_steps = to.in_past ? next.past : next.future;
    auto& to_steps = to.in_past ? next.future : next.past;
    STUBE_ASSERT(to.index < from_steps.size());
    if (next.durable()) {
        auto present = std::make_shared<const history_step>(history_step{
            next.step,
            made_version(next.revision),
            next.root,
            next.instances,
            next.types(),
            next.url
        });
        to_steps.insert(to.in_past ? to_steps.begin() : to_steps.end(), std::move(present));
    } else {
        next.future.clear();
    }
    const auto target = from_steps[to.index];
    using offset = std::ptrdiff_t;
    const auto index = static_cast<offset>(to.index);
    if (to.in_past) {
        if (next.durable())
            next.future.insert(next.future.begin(), next.past.begin() + index + 1, next.past.end());
        next.past.erase(next.past.begin() + index, next.past.end());
    } else {
        next.past.insert(next.past.end(), next.future.begin(), next.future.begin() + index);
        next.future.erase(next.future.begin(), next.future.begin() + index + 1);
    }
    if (next.past.size() > max_history)
        next.past.erase(next.past.begin(), next.past.end() - static_cast<offset>(max_history));
    if (next.future.size() > max_history) next.future.resize(max_history);
    return target;
}

using waits_ptr = std::shared_ptr<const wait_set>;

/// Work that a restored instance waits for although its result will never be delivered.
struct interrupted_work {
    instance_id of;
    pending_work work;
};

/// The timers, subscriptions and work of an instance of a step. Work for which no instance waits in
/// the present is left out, because its result was already delivered or would be dropped. Such work
/// is added to `interrupted`.
waits_ptr restored_waits(
    instance_id id,
    const waits_ptr& in_step,
    const waits_ptr& in_present,
    std::vector<interrupted_work>& interrupted
) {
    if (!in_step || in_step->work.empty()) return in_step;
    auto waits = *in_step;
    std::erase_if(waits.work, [&](const pending_work& each) {
        const bool is_awaited =
            in_present && std::ranges::find(in_present->work, each.number, &pending_work::number) !=
                              in_present->work.end();
        if (!is_awaited) interrupted.push_back({id, each});
        return !is_awaited;
    });
    return waits.empty() ? nullptr : std::make_shared<const wait_set>(std::move(waits));
}

/// Puts the instances of a step into the conversation, as new versions.
std::vector<interrupted_work> restore_step(conversation& next, const history_step& step) {
    const auto version = made_version(next.revision + 1);
    std::vector<interrupted_work> interrupted;
    std::vector<instance_id> removed;
    std::vector<instance_ptr> restored;
    instance_table::compare(
        next.instances,
        step.instances,
        [&](const instance_ptr& in_present, const instance_ptr& in_step) {
            if (!in_step) return removed.push_back(in_present->id);
            auto copy = std::make_shared<instance>(*in_step);
            copy->version = version;
            copy->waits = restored_waits(
                in_step->id,
                in_step->waits,
                in_present ? in_present->waits : nullptr,
                interrupted
            );
            restored.push_back(std::move(copy));
        }
    );
    for (auto id : removed)
        next.erase(id);
    for (auto& each : restored)
        next.put(std::move(each));
    next.root = step.root;
    next.step = step.step;
    next.url = step.url;
    return interrupted;
}

/// The instances of `current` that are not in `step`, or were reset since, the youngest first, so
/// that children come before their owners.
std::vector<instance_ptr> leaving(const conversation& current, const history_step& step) {
    std::vector<instance_ptr> out;
    instance_table::compare(
        current.instances,
        step.instances,
        [&](const instance_ptr& in_present, const instance_ptr& in_step) {
            if (in_present && (!in_step || in_step->reset_at != in_present->reset_at))
                out.push_back(in_present);
        }
    );
    std::ranges::reverse(out);
    return out;
}

/// A flow that has advanced past the last history entry cannot be rewound. Back is refused, and the
/// user decides whether to start again.
outcome refuse_to_go_back(const conversation& current, const environment& env) {
    auto out = unchanged(current, verdict::stale, env);
    out.patches.push_back(cannot_go_back_notice(current));
    return out;
}

}  // namespace

outcome step_back(
    const conversation& current,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& env
) {
    if (current.has_advanced_past_history) return refuse_to_go_back(current, env);
    const auto position = find_step(current, to);
    if (!position) return unchanged(current, verdict::stale, env);
    auto next = current;
    const auto target = take_step(next, *position);
    const auto interrupted = restore_step(next, *target);
    turn t(next, env);
    for (const auto& each : leaving(current, *target))
        request_stop(each, t.outbox());
    t.wake();
    for (const auto& [of, work] : interrupted) {
        // Work without a member for its result or failure is not reported as interrupted.
        if (work.then || work.or_else) t.give_failure(of, work, {"This was interrupted."});
    }
    auto out = settle(current, t, id, initiator::other, env);
    out.continues = revision_at(target->clock);
    out.next.touched = env.now;
    // A change of the address by the step's own components is already among the patches.
    const auto& url = out.next.url;
    if (url == target->url && url != current.url && !url.empty())
        out.patches.push_back(page_command({{"url", url}, {"push", false}}));
    out.patches.push_back(step_command(out.next, false));
    return out;
}

}  // namespace stube::kernel
