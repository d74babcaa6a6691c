#include "runtime/kernel/history.hpp"

#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/settle.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace stube::kernel {

void keep_step(const conversation& before, turn& done) {
    auto& next = done.next();
    if (!before.durable()) {
        // The browser needs an entry that its Back can leave: else it would leave the page.
        const bool is_first = next.past.empty() && !next.passed_on;
        next.passed_on = true;
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

void forget_steps(conversation& in) {
    in.past.clear();
    in.future.clear();
}

namespace {

/// Where a step stands: in the past or in the future.
struct place_in_line {
    bool in_past = false;
    std::size_t at = 0;
};

std::optional<place_in_line>
find_step(const conversation& in, std::optional<std::uint64_t> wanted) {
    if (!wanted) {
        if (in.past.empty()) return std::nullopt;
        return place_in_line{true, in.past.size() - 1};
    }
    for (bool in_past : {true, false}) {
        const auto& line = in_past ? in.past : in.future;
        auto found = std::ranges::find(line, *wanted, [](const auto& each) { return each->step; });
        if (found != line.end())
            return place_in_line{in_past, static_cast<std::size_t>(found - line.begin())};
    }
    return std::nullopt;
}

/// Moves the present to another place in the line of steps, and returns what is there.
history_step_ptr move_to(conversation& next, place_in_line to) {
    auto& from_line = to.in_past ? next.past : next.future;
    auto& to_line = to.in_past ? next.future : next.past;
    if (next.durable()) {
        auto present = std::make_shared<const history_step>(history_step{
            next.step,
            made_version(next.revision),
            next.root,
            next.instances,
            next.types(),
            next.url
        });
        to_line.insert(to.in_past ? to_line.begin() : to_line.end(), std::move(present));
    } else {
        next.future.clear();
    }
    const auto target = from_line[to.at];
    using offset = std::ptrdiff_t;
    const auto at = static_cast<offset>(to.at);
    if (to.in_past) {
        if (next.durable())
            next.future.insert(next.future.begin(), next.past.begin() + at + 1, next.past.end());
        next.past.erase(next.past.begin() + at, next.past.end());
    } else {
        next.past.insert(next.past.end(), next.future.begin(), next.future.begin() + at);
        next.future.erase(next.future.begin(), next.future.begin() + at + 1);
    }
    if (next.past.size() > max_history)
        next.past.erase(next.past.begin(), next.past.end() - static_cast<offset>(max_history));
    if (next.future.size() > max_history) next.future.resize(max_history);
    return target;
}

using waits_ptr = std::shared_ptr<const attachments>;

/// Work that an instance waits for again, and that will not come back (again).
struct lost_work {
    instance_id of;
    pending_work what;
};

/// What an instance waited for then, less the work that nobody waits for now: it has come back
/// since, or its result would be dropped. That is added to `lost`.
waits_ptr waits_of(
    instance_id id,
    const waits_ptr& then,
    const waits_ptr& now,
    std::vector<lost_work>& lost
) {
    if (!then || then->work.empty()) return then;
    auto waits = *then;
    std::erase_if(waits.work, [&](const pending_work& each) {
        const bool is_awaited =
            now &&
            std::ranges::find(now->work, each.number, &pending_work::number) != now->work.end();
        if (!is_awaited) lost.push_back({id, each});
        return !is_awaited;
    });
    return waits.empty() ? nullptr : std::make_shared<const attachments>(std::move(waits));
}

/// Puts the instances of a step into the conversation, as versions of now.
std::vector<lost_work> restore(conversation& next, const history_step& step) {
    const auto version = made_version(next.revision + 1);
    std::vector<lost_work> lost;
    std::vector<instance_id> gone;
    std::vector<instance_ptr> back;
    instance_table::compare(
        next.instances,
        step.instances,
        [&](const instance_ptr& now, const instance_ptr& then) {
            if (!then) return gone.push_back(now->id);
            auto again = std::make_shared<instance>(*then);
            again->version = version;
            again->waits = waits_of(then->id, then->waits, now ? now->waits : nullptr, lost);
            back.push_back(std::move(again));
        }
    );
    for (auto id : gone)
        next.erase(id);
    for (auto& each : back)
        next.put(std::move(each));
    next.root = step.root;
    next.step = step.step;
    next.url = step.url;
    return lost;
}

/// The instances of `now` that are not in `step`, or live another life there, the youngest first:
/// children before their owners.
std::vector<instance_ptr> leaving(const conversation& now, const history_step& step) {
    std::vector<instance_ptr> out;
    instance_table::compare(
        now.instances,
        step.instances,
        [&](const instance_ptr& is, const instance_ptr& then) {
            if (is && (!then || then->begun != is->begun)) out.push_back(is);
        }
    );
    std::ranges::reverse(out);
    return out;
}

/// What has gone on and cannot be rewound is not left behind by a Back that meant one step of it:
/// the user decides.
outcome refuse_to_go_back(const conversation& now, const environment& world) {
    auto out = unchanged(now, verdict::stale, world);
    out.patches.push_back(no_way_back_notice(now));
    return out;
}

}  // namespace

outcome step_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& world
) {
    if (now.passed_on) return refuse_to_go_back(now, world);
    const auto place = find_step(now, to);
    if (!place) return unchanged(now, verdict::stale, world);
    auto next = now;
    const auto target = move_to(next, *place);
    const auto lost = restore(next, *target);
    turn t(next, world);
    for (const auto& each : leaving(now, *target))
        ask_to_stop(each, t.outbox());
    t.wake();
    for (const auto& [of, work] : lost) {
        // Who waits for a result must hear that none comes; who forgets it need not.
        if (work.then || work.or_else) t.give_failure(of, work, {"This was interrupted."});
    }
    auto out = settle(now, t, id, made_by::other, world);
    out.next.touched = world.now;
    // What the step's own components make of the address, settle() has told.
    const auto& url = out.next.url;
    if (url == target->url && url != now.url && !url.empty())
        out.patches.push_back(page_command({{"url", url}, {"push", false}}));
    out.patches.push_back(step_command(out.next, false));
    return out;
}

}  // namespace stube::kernel
