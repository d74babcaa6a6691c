#include "runtime/turn.hpp"
#include "runtime/view.hpp"

#include <stube/runtime/kernel.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace stube {

using namespace kernel;

namespace {

void remember(conversation& in, event_id id) {
    if (id == 0) return;
    if (in.applied.size() >= remembered_events) in.applied.erase(in.applied.begin());
    in.applied.push_back(id);
}

patch command(const boost::json::object& json) {
    return {.what = patch::kind::command, .json = boost::json::serialize(json)};
}

patch step_command(const conversation& of, bool push) {
    return command({{"step", of.step}, {"push", push}});
}

/// What the root's state stands for, if it says so.
page_url url_of(const conversation& of) {
    const auto& root = of.instances.at(of.root);
    return root.type->url ? root.type->url(root.state.get()) : page_url();
}

/// Keeps what was before the turn as a step to come back to.
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
    next.past.push_back(std::make_shared<const history_step>(
        history_step{before.step, 2 * next.revision, before.root, done.before(), before.types()}
    ));
    next.step = ++next.last_step;
}

void forget_steps(conversation& in) {
    in.past.clear();
    in.future.clear();
}

/// The address that the root's state has come to stand for; nothing if it is as it was, or a
/// handler has set it itself.
std::optional<page_url> changed_url(turn& done) {
    if (done.sets_url()) return std::nullopt;
    const auto& next = done.next();
    auto wanted = url_of(next);
    if (wanted.text.empty() || wanted.text == next.url) return std::nullopt;
    return wanted;
}

void append(std::vector<patch>& to, std::vector<patch> more) {
    for (auto& each : more)
        to.push_back(std::move(each));
}

/// Who may make a step of a turn: users' events, and not what the clock or others send.
enum class made_by { user, other };

/// What came of a turn, with the patches that show it.
outcome settle(
    const conversation& before,
    turn& done,
    event_id id,
    made_by who,
    const surroundings& world
) {
    outcome out;
    auto& next = done.next();
    ++next.revision;
    next.touched = who == made_by::user ? world.now : before.touched;
    remember(next, id);
    out.error = std::move(done.error());
    out.requests = std::move(done.requests());
    if (done.ended()) {
        out.what = verdict::ended;
        next.end();
        out.patches.push_back({.what = patch::kind::final, .content = done.final_view()});
    } else {
        // The page was loaded with the first one.
        const bool is_first = before.root == 0;
        const auto url = changed_url(done);
        if (url) next.url = url->text;
        const bool is_step =
            who == made_by::user && !is_first && (done.is_step() || (url && url->push));
        const auto step = next.step;
        if (is_step) keep_step(before, done);
        if (who == made_by::user) next.future.clear();
        if (done.seals()) forget_steps(next);
        if (next.durable()) next.passed_on = false;
        out.patches = differences(before, next, world);
        if (next.step != step) out.patches.push_back(step_command(next, true));
        if (url && !is_first) out.patches.push_back(command({{"url", url->text}, {"push", false}}));
        append(out.patches, std::move(done.extras()));
    }
    append(out.patches, std::move(done.notices()));
    out.next = std::move(next);
    return out;
}

/// What the exception that is being handled says.
std::string caught() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

/// Runs a turn. Whatever a component throws undoes all of it.
template <class Function>
outcome guarded(Function run) {
    try {
        return run();
    } catch (...) {
        return {.what = verdict::failed, .error = caught()};
    }
}

outcome unchanged(const conversation& now, verdict why, const surroundings& world) {
    return guarded([&] {
        outcome out;
        out.what = why;
        out.patches = whole_view(now, world);
        return out;
    });
}

/// The fields of one instance: other instances' stand in the same form when they are within it.
std::vector<form_value> own_fields(const event& what) {
    const auto prefix = element_id(what.instance) + "-";
    std::vector<form_value> own;
    for (const auto& each : what.form) {
        if (each.name.starts_with(prefix))
            own.push_back({each.name.substr(prefix.size()), each.value});
    }
    return own;
}

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
        auto present = std::make_shared<const history_step>(
            history_step{next.step, 2 * next.revision + 1, next.root, next.instances, next.types()}
        );
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

/// Work that has come back since does not come back again.
waits_ptr without_finished_work(const waits_ptr& then, const waits_ptr& now) {
    if (!then || then->work.empty()) return then;
    auto waits = *then;
    std::erase_if(waits.work, [&](const pending_work& each) {
        return !now ||
               std::ranges::find(now->work, each.number, &pending_work::number) == now->work.end();
    });
    return waits.empty() ? nullptr : std::make_shared<const attachments>(std::move(waits));
}

/// Puts the instances of a step into the conversation, as versions of now.
void restore(conversation& next, const history_step& step) {
    const auto version = 2 * (next.revision + 1) + 1;
    std::vector<instance_id> gone;
    std::vector<instance_ptr> back;
    instance_table::compare(
        next.instances,
        step.instances,
        [&](const instance_ptr& now, const instance_ptr& then) {
            if (!then) return gone.push_back(now->id);
            auto again = std::make_shared<instance>(*then);
            again->version = version;
            again->waits = without_finished_work(then->waits, now ? now->waits : nullptr);
            back.push_back(std::move(again));
        }
    );
    for (auto id : gone)
        next.erase(id);
    for (auto& each : back)
        next.put(std::move(each));
    next.root = step.root;
    next.step = step.step;
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
outcome refuse_to_go_back(const conversation& now, const surroundings& world) {
    auto out = unchanged(now, verdict::stale, world);
    out.patches.push_back(no_way_back_notice(now));
    return out;
}

outcome step_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const surroundings& world
) {
    if (now.passed_on) return refuse_to_go_back(now, world);
    const auto place = find_step(now, to);
    if (!place) return unchanged(now, verdict::stale, world);
    auto next = now;
    const auto target = move_to(next, *place);
    for (const auto& each : leaving(now, *target))
        stop(now, *each, world);
    restore(next, *target);
    turn t(std::move(next), world);
    t.wake();
    auto out = settle(now, t, id, made_by::other, world);
    out.next.touched = world.now;
    out.patches.push_back(step_command(out.next, false));
    return out;
}

/// A handler wanted a value that is none: it is undone, and what was typed stays with its messages.
outcome show_errors(
    const conversation& now,
    const event& what,
    const std::vector<form_value>& form,
    const surroundings& world
) {
    turn t(now, world);
    t.fill(what.instance, form);
    if (!t.show_errors(what.instance)) {
        throw std::logic_error("stube: a field without a value was read, and it is not on the page"
        );
    }
    return settle(now, t, what.id, made_by::user, world);
}

outcome run_event(
    const conversation& now,
    const event& what,
    const handler& target,
    const boost::json::array& arguments,
    const surroundings& world
) {
    const auto& type = *now.instances.at(what.instance).type;
    const auto form = type.fill ? own_fields(what) : std::vector<form_value>();
    try {
        turn t(now, world);
        if (!form.empty()) t.fill(what.instance, form);
        t.run(what.instance, [&](void* state, context& c) {
            return (*target.on_event)(target.owner(state), c, arguments);
        });
        if (t.goes_back()) return step_back(now, what.id, std::nullopt, world);
        return settle(now, t, what.id, made_by::user, world);
    } catch (const invalid_field& e) {
        if (!type.fill) throw std::logic_error(e.what());
        return show_errors(now, what, form, world);
    }
}

/// One part of a turn that the clock or others ask for: if it throws, the others still happen.
/// `without` makes the conversation that goes on then.
template <class Run, class Without>
void run_alone(
    conversation& at,
    outcome& all,
    const surroundings& world,
    Run run,
    Without without
) {
    try {
        turn t(at, world);
        run(t);
        if (t.goes_back()) throw std::logic_error("stube: only an event of a user can go back");
        if (all.error.empty()) all.error = t.error();
        append(all.patches, std::move(t.extras()));
        append(all.patches, std::move(t.notices()));
        for (auto& each : t.requests())
            all.requests.push_back(std::move(each));
        const bool passes_on = t.is_step() && !at.durable();
        at = std::move(t.next());
        at.passed_on = (at.passed_on || passes_on) && !at.durable();
        if (t.seals()) forget_steps(at);
        if (t.ended()) {
            all.what = verdict::ended;
            all.patches = {{.what = patch::kind::final, .content = t.final_view()}};
        }
    } catch (...) {
        all.error = caught();
        turn t(at, world);
        without(t);
        at = std::move(t.next());
    }
}

/// Ends a turn that was put together with `run_alone`.
outcome conclude(const conversation& now, conversation at, outcome all, const surroundings& world) {
    return guarded([&] {
        ++at.revision;
        at.touched = now.touched;
        if (all.what == verdict::applied) {
            auto shown = differences(now, at, world);
            append(shown, std::move(all.patches));
            all.patches = std::move(shown);
        }
        all.next = std::move(at);
        return std::move(all);
    });
}

}  // namespace

outcome begin(conversation fresh, const effect::call& root, const surroundings& world) {
    return guarded([&] {
        fresh.created = world.now;
        turn t(fresh, world);
        t.begin(root);
        return settle(fresh, t, 0, made_by::user, world);
    });
}

outcome dispatch(const conversation& now, const event& what, const surroundings& world) {
    if (what.id != 0 && now.knows(what.id)) return unchanged(now, verdict::repeated, world);
    if (!now.is_shown(what.instance)) return unchanged(now, verdict::stale, world);
    const auto* target = now.instances.at(what.instance).type->find(what.name);
    if (!target || !*target->on_event)
        return {.what = verdict::unknown_event, .error = "no event " + what.name};
    auto arguments = parse_arguments(what.arguments);
    if (!arguments)
        return {.what = verdict::bad_arguments, .error = "the arguments are not a JSON array"};
    return guarded([&]() -> outcome {
        try {
            return run_event(now, what, *target, *arguments, world);
        } catch (const bad_arguments& e) {
            return {.what = verdict::bad_arguments, .error = e.what()};
        }
    });
}

std::vector<outcome>
replay(conversation from, std::span<const event> events, const surroundings& world) {
    std::vector<outcome> all;
    for (const auto& each : events) {
        all.push_back(dispatch(from, each, world));
        if (all.back().what == verdict::ended) break;
        if (all.back().what == verdict::applied) from = all.back().next;
    }
    return all;
}

outcome go_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const surroundings& world
) {
    if (id != 0 && now.knows(id)) return unchanged(now, verdict::repeated, world);
    return guarded([&] { return step_back(now, id, to, world); });
}

// --- time, messages, work

std::optional<time_point> next_due(const conversation& of) {
    std::optional<time_point> first;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->timers) {
            if (!first || each.due < *first) first = each.due;
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
std::vector<due_timer> due_timers(const conversation& of, time_point now) {
    std::vector<due_timer> out;
    for (auto id : of.waiting) {
        for (const auto& each : of.instances.at(id).waits->timers) {
            if (each.due <= now) out.push_back({each.due, out.size(), id, each});
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

outcome fire_timers(const conversation& now, const surroundings& world) {
    auto at = now;
    outcome all;
    const auto timers = due_timers(now, world.now);
    if (timers.empty()) return {.what = verdict::stale};
    for (const auto& due : timers) {
        if (all.what == verdict::ended) break;
        run_alone(
            at,
            all,
            world,
            [&](turn& t) {
                if (take_timer(t, due)) t.receive(due.of, *due.what.to, due.what.arguments);
            },
            [&](turn& t) { take_timer(t, due); }
        );
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
    const surroundings& world
) {
    auto at = now;
    outcome all;
    const auto hearing = subscribers(now, topic);
    if (hearing.empty()) return {.what = verdict::stale};
    for (const auto& [to, member] : hearing) {
        if (all.what == verdict::ended) break;
        run_alone(
            at,
            all,
            world,
            [&, id = to, heard_by = member](turn& t) { t.receive(id, *heard_by, message); },
            [](turn&) {}
        );
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

/// Ends a piece of work and runs `resume` with the instance that waits for it.
outcome end_work(
    const conversation& now,
    std::uint64_t number,
    const surroundings& world,
    const std::function<void(turn&, instance_id, const pending_work&)>& resume
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
            run_alone(
                at,
                all,
                world,
                [&](turn& t) {
                    take(t);
                    resume(t, id, each);
                },
                take
            );
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
    const surroundings& world
) {
    return end_work(now, number, world, [&](turn& t, instance_id id, const pending_work& work) {
        if (!work.then) return;
        t.run(id, [&](void* state, context& c) {
            return work.then->on_answer(work.then->owner(state), c, result);
        });
    });
}

outcome fail_work(
    const conversation& now,
    std::uint64_t number,
    const failure& why,
    const surroundings& world
) {
    return end_work(now, number, world, [&](turn& t, instance_id id, const pending_work& work) {
        if (!work.or_else) return t.tell_failure(why);
        t.run(id, [&](void* state, context& c) {
            return work.or_else->on_failure(work.or_else->owner(state), c, why);
        });
    });
}

// --- the rest of a conversation's life

bool has_wakeup(const conversation& now) {
    bool found = false;
    now.instances.each([&](const instance_ptr& each) {
        found = found || each->type->wakeup != nullptr;
    });
    return found;
}

outcome wake(const conversation& now, const surroundings& world) {
    return guarded([&] {
        turn t(now, world);
        t.wake();
        // No user has done anything: the steps to go forward to stay.
        return settle(now, t, 0, made_by::other, world);
    });
}

outcome resume(conversation restored, const surroundings& world) {
    restored.touched = world.now;
    restored.applied.clear();  // the pages that sent these are of the other one
    return guarded([&] {
        turn t(restored, world);
        t.wake();
        auto done = settle(restored, t, 0, made_by::other, world);
        if (done.what == verdict::applied) done.patches = whole_view(done.next, world);
        return done;
    });
}

std::vector<std::string> stop_all(const conversation& now, const surroundings& world) {
    std::vector<instance_ptr> all;
    now.instances.each([&](const instance_ptr& each) {
        if (each->type->stop) all.push_back(each);
    });
    std::vector<std::string> errors;
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
        auto stopped = guarded([&] {
            stop(now, **at, world);
            return outcome();
        });
        if (!stopped.error.empty()) errors.push_back(std::move(stopped.error));
    }
    return errors;
}

patch farewell(const conversation& of, std::string_view text) {
    return {.what = patch::kind::final, .content = finished_view(of, text)};
}

patch rollback_notice() {
    return notice(
        "The server has lost what was last done here. This is how it stands; please check it "
        "before you go on."
    );
}

patch failure_notice(std::string_view error_id) {
    return notice(
        "Something went wrong; nothing was changed. Please try again. Error " +
        std::string(error_id)
    );
}

std::vector<patch> whole_view(const conversation& now, const surroundings& world) {
    std::vector<patch> out{render_view(now, world), step_command(now, false)};
    if (!now.url.empty()) out.push_back(command({{"url", now.url}, {"push", false}}));
    return out;
}

patch render_view(const conversation& now, const surroundings& world) {
    return {.what = patch::kind::view, .target = now.top().id, .content = render_page(now, world)};
}

}  // namespace stube
