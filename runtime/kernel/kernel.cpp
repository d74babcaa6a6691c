#include "runtime/kernel/history.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/render.hpp"
#include "runtime/kernel/settle.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/kernel.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace stube::kernel {

namespace {

/// The fields of one instance: other instances' stand in the same form when they are within it.
std::vector<form_value> fields_of(instance_id one, const event& what) {
    const auto prefix = element_id(one) + "-";
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
    if (!of.url.empty()) out.push_back(page_command({{"url", of.url}, {"push", false}}));
    return out;
}

/// The instances that an event has fields of and does not run a member of, each once.
std::set<instance_id> others_with_fields(const event& what) {
    std::set<instance_id> out;
    for (const auto& each : what.form) {
        const auto* begin = each.name.data();
        const auto* end = begin + each.name.size();
        instance_id id = 0;
        if (!each.name.starts_with('i')) continue;
        const auto [stop, error] = std::from_chars(begin + 1, end, id);
        const bool is_own = id == what.instance && !what.name.empty();
        if (error == std::errc() && stop != end && *stop == '-' && !is_own) out.insert(id);
    }
    return out;
}

/// Keeps what was typed into the other components of a page that was submitted as a whole. A
/// component that has changed since the page was made keeps its own state, which is newer.
void keep_typed(turn& t, const conversation& now, const event& what) {
    if (!what.page) return;
    for (const auto id : others_with_fields(what)) {
        if (!now.is_shown(id)) continue;
        const auto& other = now.instances.at(id);
        if (other.type->keep_typed && other.version <= made_version(what.page->revision))
            t.keep_typed(id, fields_of(id, what));
    }
}

/// A handler wanted a value that is none: it is undone, and what was typed stays with its messages,
/// and with those that the handler had given in `tried`.
outcome show_errors(
    const conversation& now,
    const event& what,
    const std::vector<form_value>& form,
    const void* tried,
    const environment& world
) {
    turn t(now, world, what.instance);
    keep_typed(t, now, what);
    t.fill(what.instance, form);
    if (!t.show_errors(what.instance, tried)) {
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
    const environment& world
) {
    const auto& type = *now.instances.at(what.instance).type;
    const auto form = type.fill ? fields_of(what.instance, what) : std::vector<form_value>();
    std::shared_ptr<void> tried;
    try {
        turn t(now, world, what.instance);
        keep_typed(t, now, what);
        if (!form.empty()) t.fill(what.instance, form);
        t.run(what.instance, [&](void* state, context& c) {
            try {
                return (*target.on_event)(target.owner(state), c, arguments);
            } catch (const invalid_field&) {
                tried = type.copy({std::shared_ptr<void>(), state});
                throw;
            }
        });
        if (t.goes_back()) return step_back(now, what.id, std::nullopt, world);
        return settle(now, t, what.id, made_by::user, world);
    } catch (const invalid_field& e) {
        if (!type.fill) throw std::logic_error(e.what());
        return show_errors(now, what, form, tried.get(), world);
    }
}

}  // namespace

outcome begin(conversation fresh, const effect::call& root, const environment& world) {
    return guarded([&] {
        fresh.created = world.now;
        turn t(fresh, world);
        t.begin(root);
        return settle(fresh, t, 0, made_by::user, world);
    });
}

namespace {

/// Keeps the fields of a submission whose member is not run.
outcome keep_all_typed(const conversation& now, const event& what, const environment& world) {
    return guarded([&] {
        turn t(now, world);
        keep_typed(t, now, what);
        return settle(now, t, what.id, made_by::user, world);
    });
}

/// Applies an event of a page that shows another step than the conversation is at: the user has
/// gone back in the browser, which without scripts tells nobody. Nothing if there is no such step.
std::optional<outcome>
dispatch_at_step(const conversation& now, event what, const environment& world) {
    auto there = go_back(now, 0, what.page->step, world);
    if (there.what != verdict::applied) return std::nullopt;
    what.page = {there.next.step, there.next.revision};
    auto done = dispatch(there.next, what, world);
    if (done.what == verdict::stale) return std::nullopt;
    if (done.what == verdict::applied) {
        auto page = whole_view(done.next, world);
        done.patches = std::move(page.patches);
        done.differing = std::move(page.differing);
    }
    done.outbox.insert(
        done.outbox.begin(),
        std::make_move_iterator(there.outbox.begin()),
        std::make_move_iterator(there.outbox.end())
    );
    return done;
}

}  // namespace

outcome dispatch(const conversation& now, const event& what, const environment& world) {
    if (what.id != 0 && now.knows(what.id)) return unchanged(now, verdict::repeated, world);
    if (what.page && what.page->step != now.step) {
        if (auto done = dispatch_at_step(now, what, world)) return *std::move(done);
    }
    if (!now.is_shown(what.instance)) {
        auto stale = unchanged(now, verdict::stale, world);
        if (what.page)
            stale.patches.push_back(notice("This page has gone on since. Nothing was changed."));
        return stale;
    }
    if (what.page && what.name.empty()) return keep_all_typed(now, what, world);
    const auto* target = now.instances.at(what.instance).type->find(what.name);
    if (!target || !*target->on_event)
        return {.what = verdict::unknown_event, .error = "no event " + what.name};
    auto arguments = parse_arguments(what.arguments);
    if (!arguments)
        return {.what = verdict::bad_arguments, .error = "the arguments are not a JSON array"};
    auto done = guarded([&]() -> outcome {
        try {
            return run_event(now, what, *target, *arguments, world);
        } catch (const bad_arguments& e) {
            return {.what = verdict::bad_arguments, .error = e.what()};
        }
    });
    if (done.what != verdict::failed || !what.page) return done;
    // The page is loaded anew: what was typed would be gone with the old one.
    event typed_only = what;
    typed_only.name.clear();
    auto kept = keep_all_typed(now, typed_only, world);
    if (kept.what != verdict::applied) return done;
    kept.error = std::move(done.error);
    kept.is_typed_only = true;
    return kept;
}

std::vector<outcome>
replay(conversation from, std::span<const event> events, const environment& world) {
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

outcome go_back(
    const conversation& now,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& world
) {
    if (id != 0 && now.knows(id)) return unchanged(now, verdict::repeated, world);
    return guarded([&] { return step_back(now, id, to, world); });
}

bool has_wakeup(const conversation& now) {
    bool found = false;
    now.instances.each([&](const instance_ptr& each) {
        found = found || each->type->wakeup != nullptr || has_unmade_child(*each);
    });
    return found;
}

outcome wake(const conversation& now, const environment& world) {
    return guarded([&] {
        turn t(now, world);
        t.wake();
        // No user has done anything: the steps to go forward to stay.
        return settle(now, t, 0, made_by::other, world);
    });
}

outcome resume(conversation restored, const environment& world) {
    restored.touched = world.now;
    restored.applied.clear();  // the pages that sent these are of the other one
    restored.kept = false;     // and so is the work that was worth keeping
    return guarded([&] {
        turn t(restored, world);
        t.wake();
        auto done = settle(restored, t, 0, made_by::other, world);
        if (done.what != verdict::applied) return done;
        auto page = render_page(done.next, world);
        done.next.instances.note_sent(page.rendered);
        done.patches = with_step(done.next, std::move(page.view));
        return done;
    });
}

outcome give_up(const conversation& now, std::string_view text) {
    outcome out{.what = verdict::ended, .next = now};
    now.instances.each([&](const instance_ptr& each) { ask_to_stop(each, out.outbox); });
    std::ranges::reverse(out.outbox);
    out.next.end();
    out.next.advance();
    out.patches.push_back({.what = patch::kind::final, .content = finished_view(now, text)});
    return out;
}

void run_stop(const command::stop& what, const conversation& of, const environment& world) {
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

whole_page whole_view(const conversation& now, const environment& world) {
    auto page = render_page(now, world);
    whole_page out{with_step(now, std::move(page.view)), {}};
    for (const auto& [id, rendered] : page.rendered) {
        const auto sent = now.instances.sent(id);
        if (sent.is_known() && sent != rendered) out.differing.push_back(id);
    }
    return out;
}

patch render_view(const conversation& now, const environment& world) {
    return render_page(now, world).view;
}

}  // namespace stube::kernel
