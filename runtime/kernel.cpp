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

std::vector<patch> with_step(const conversation& of, patch view) {
    std::vector<patch> out;
    out.push_back(std::move(view));
    out.push_back(step_command(of, false));
    if (!of.url.empty()) out.push_back(command({{"url", of.url}, {"push", false}}));
    return out;
}

/// A handler wanted a value that is none: it is undone, and what was typed stays with its messages.
outcome show_errors(
    const conversation& now,
    const event& what,
    const std::vector<form_value>& form,
    const surroundings& world
) {
    turn t(now, world, what.instance);
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
        turn t(now, world, what.instance);
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

void kernel::forget_patched(conversation& in, std::span<const patch> extras) {
    for (const auto& each : extras) {
        if (each.what == patch::kind::element) in.forget_sent({&each.target, 1});
    }
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
        out.patches = differences(before, next, done.acted(), world);
        forget_patched(next, done.extras());
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
        auto page = whole_view(now, world);
        out.patches = std::move(page.patches);
        out.differing = std::move(page.differing);
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
    if (from.root != 0 && !from.instances.sent(from.top().id).is_known())
        from.instances.note_sent(render_page(from, world).rendered);
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
    return guarded([&] {
        turn t(restored, world);
        t.wake();
        auto done = settle(restored, t, 0, made_by::other, world);
        if (done.what != verdict::applied) return done;
        auto page = render_page(done.next, world);
        done.next.instances.note_sent(std::move(page.rendered));
        done.patches = with_step(done.next, std::move(page.view));
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

whole_page whole_view(const conversation& now, const surroundings& world) {
    auto page = render_page(now, world);
    whole_page out{with_step(now, std::move(page.view)), {}};
    for (const auto& [id, rendered] : page.rendered) {
        const auto sent = now.instances.sent(id);
        if (sent.is_known() && sent != rendered) out.differing.push_back(id);
    }
    return out;
}

patch render_view(const conversation& now, const surroundings& world) {
    return render_page(now, world).view;
}

}  // namespace stube
