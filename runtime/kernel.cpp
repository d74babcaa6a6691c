#include "runtime/kernel_impl.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stube {

using namespace kernel;

namespace {

/// What the root's state stands for, if it says so.
page_url url_of(const conversation& of) {
    const auto& root = of.instances.at(of.root);
    return root.type->url ? root.type->url(root.state.get()) : page_url();
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

}  // namespace

patch kernel::command(const boost::json::object& json) {
    return {.what = patch::kind::command, .json = boost::json::serialize(json)};
}

patch kernel::step_command(const conversation& of, bool push) {
    return command({{"step", of.step}, {"push", push}});
}

std::optional<page_url> kernel::changed_url(turn& done) {
    if (done.sets_url()) return std::nullopt;
    const auto& next = done.next();
    auto wanted = url_of(next);
    if (wanted.text.empty() || wanted.text == next.url) return std::nullopt;
    return wanted;
}

void kernel::append(std::vector<patch>& to, std::vector<patch> more) {
    for (auto& each : more)
        to.push_back(std::move(each));
}

outcome kernel::settle(
    const conversation& before,
    turn& done,
    event_id id,
    made_by who,
    const surroundings& world
) {
    outcome out;
    auto& next = done.next();
    next.advance();
    next.touched = who == made_by::user ? world.now : before.touched;
    next.remember(id);
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

outcome kernel::unchanged(const conversation& now, verdict why, const surroundings& world) {
    return guarded([&] {
        outcome out;
        out.what = why;
        out.patches = whole_view(now, world);
        return out;
    });
}

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

// --- the rest of a conversation's life

bool has_wakeup(const conversation& now) {
    bool found = false;
    now.instances.each([&](const instance_ptr& each) {
        found = found || each->type->wakeup != nullptr || has_unmade_child(*each);
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
    restored.kept = false;     // and so is the work that was worth keeping
    return guarded([&] {
        turn t(restored, world);
        t.wake();
        auto done = settle(restored, t, 0, made_by::other, world);
        if (done.what == verdict::applied) done.patches = whole_view(done.next, world);
        return done;
    });
}

outcome give_up(const conversation& now, std::string_view text) {
    outcome out{.what = verdict::ended, .next = now};
    now.instances.each([&](const instance_ptr& each) { ask_to_stop(each, out.requests); });
    std::ranges::reverse(out.requests);
    out.next.end();
    out.next.advance();
    out.patches.push_back({.what = patch::kind::final, .content = finished_view(now, text)});
    return out;
}

void run_stop(const request::stop& what, const conversation& of, const surroundings& world) {
    const auto& leaving = *what.leaving;
    auto state = leaving.type->copy(leaving.state);
    auto surroundings_now = context_of(of, world);
    leaving.type->stop(state.get(), surroundings_now);
}

outcome see(const conversation& now) {
    outcome out{.what = verdict::applied, .next = now};
    out.next.advance();
    return out;
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
