#include "runtime/kernel/history.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/render.hpp"
#include "runtime/kernel/settle.hpp"
#include "runtime/kernel/turn.hpp"
#include "store/assert.hpp"

#include <stube/runtime/awaiting.hpp>
#include <stube/runtime/component_error.hpp>
#include <stube/runtime/kernel.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace stube::kernel {

namespace {

const principal& user_of(const conversation& current, const environment& env) {
    return env.by ? *env.by : current.principal;
}

/// The form values of one instance. The form may also contain fields of instances within it.
std::vector<form_value> fields_of(instance_id id, const event& received) {
    const auto prefix = element_id(id) + "-";
    std::vector<form_value> own;
    for (const auto& each : received.form) {
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

/// The instances whose fields an event contains and whose members it does not run.
std::set<instance_id> others_with_fields(const event& received) {
    std::set<instance_id> out;
    for (const auto& each : received.form) {
        const auto* begin = each.name.data();
        const auto* end = begin + each.name.size();
        instance_id id = 0;
        if (!each.name.starts_with('i')) continue;
        const auto [stop, error] = std::from_chars(begin + 1, end, id);
        const bool is_own = id == received.instance && !received.name.empty();
        if (error == std::errc() && stop != end && *stop == '-' && !is_own) out.insert(id);
    }
    return out;
}

/// Keeps the values that were typed into the other components of a page that was submitted as a
/// whole. A component that has changed since the page was made keeps its own state, which is newer.
void keep_typed(turn& t, const conversation& current, const event& received) {
    if (!received.page) return;
    for (const auto id : others_with_fields(received)) {
        if (!current.is_shown(id)) continue;
        const auto& other = current.instances.at(id);
        if (other.type->keep_typed && other.version <= made_version(received.page->revision))
            t.keep_typed(id, fields_of(id, received));
    }
}

/// The outcome after a handler has read the value of an invalid field. The handler is undone. The
/// typed values stay, with their messages and with the messages that the handler set in `tried`.
outcome show_errors(
    const conversation& current,
    const event& received,
    const std::vector<form_value>& form,
    const void* tried,
    const environment& env
) {
    turn t(current, env, received.instance);
    keep_typed(t, current, received);
    t.fill(received.instance, form);
    if (!t.show_errors(received.instance, tried)) {
        throw component_error("stube: a field without a value was read, and it is not on the page");
    }
    return settle(current, t, received.id, initiator::user, env);
}

outcome run_event(
    const conversation& current,
    const event& received,
    const member_handler& target,
    const boost::json::array& arguments,
    const environment& env
) {
    const auto& type = *current.instances.at(received.instance).type;
    const auto form =
        type.fill ? fields_of(received.instance, received) : std::vector<form_value>();
    std::shared_ptr<void> tried;
    try {
        turn t(current, env, received.instance);
        keep_typed(t, current, received);
        if (!form.empty()) t.fill(received.instance, form);
        t.run(received.instance, [&](void* state, context& c) {
            try {
                return (*target.on_event)(target.owner(state), c, arguments);
            } catch (const invalid_field&) {
                tried = type.copy({std::shared_ptr<void>(), state});
                throw;
            }
        });
        if (t.goes_back()) return step_back(current, received.id, std::nullopt, env);
        return settle(current, t, received.id, initiator::user, env);
    } catch (const invalid_field& e) {
        if (!type.fill) throw component_error(e.what());
        return show_errors(current, received, form, tried.get(), env);
    }
}

}  // namespace

outcome begin(conversation fresh, const effect::call& root, const environment& env) {
    return guarded([&] {
        fresh.created = env.now;
        turn t(fresh, env);
        t.begin(root);
        return settle(fresh, t, 0, initiator::user, env);
    });
}

namespace {

/// Keeps the fields of a submission whose member is not run.
outcome keep_all_typed(const conversation& current, const event& received, const environment& env) {
    return guarded([&] {
        turn t(current, env);
        keep_typed(t, current, received);
        return settle(current, t, received.id, initiator::user, env);
    });
}

/// Applies an event of a page that shows another step than the current one: the user has gone back
/// in the browser, which the server cannot notice without scripts. Empty if the step does not
/// exist.
std::optional<outcome>
dispatch_at_step(const conversation& current, event received, const environment& env) {
    auto moved = go_back(current, 0, received.page->step, env);
    if (moved.verdict != verdict::applied) return std::nullopt;
    received.page = {moved.next.step, moved.next.revision};
    auto done = dispatch(moved.next, received, env);
    if (done.verdict == verdict::stale) return std::nullopt;
    done.continues = moved.continues;
    if (done.verdict == verdict::applied) {
        auto page = whole_view(done.next, env);
        done.patches = std::move(page.patches);
        done.differing = std::move(page.differing);
    }
    done.outbox.insert(
        done.outbox.begin(),
        std::make_move_iterator(moved.outbox.begin()),
        std::make_move_iterator(moved.outbox.end())
    );
    return done;
}

}  // namespace

outcome dispatch(const conversation& current, const event& received, const environment& env) {
    if (received.id != 0 && current.has_applied(received.id))
        return unchanged(current, verdict::repeated, env);
    if (received.page && received.page->step != current.step) {
        if (auto done = dispatch_at_step(current, received, env)) return *std::move(done);
    }
    if (!current.is_shown(received.instance)) {
        auto stale = unchanged(current, verdict::stale, env);
        if (received.page)
            stale.patches.push_back(notice("This page is out of date. Nothing was changed."));
        return stale;
    }
    if (!waits_for(current, received.instance, user_of(current, env)))
        return {.verdict = verdict::forbidden};
    if (received.page && received.name.empty()) return keep_all_typed(current, received, env);
    const auto* target = current.instances.at(received.instance).type->find(received.name);
    if (!target || !*target->on_event)
        return {.verdict = verdict::unknown_event, .error = "no event " + received.name};
    auto arguments = parse_arguments(received.arguments);
    if (!arguments)
        return {.verdict = verdict::bad_arguments, .error = "the arguments are not a JSON array"};
    auto done = guarded([&]() -> outcome {
        try {
            return run_event(current, received, *target, *arguments, env);
        } catch (const bad_arguments& e) {
            return {.verdict = verdict::bad_arguments, .error = e.what()};
        }
    });
    if (done.verdict != verdict::failed || !received.page) return done;
    // Without scripts the page is loaded again, and would lose the typed values.
    event typed_only = received;
    typed_only.name.clear();
    auto typed = keep_all_typed(current, typed_only, env);
    if (typed.verdict != verdict::applied) return done;
    typed.error = std::move(done.error);
    typed.is_typed_only = true;
    return typed;
}

std::vector<outcome>
replay(conversation from, std::span<const event> events, const environment& env) {
    std::vector<outcome> outcomes;
    if (from.root != 0 && !from.instances.sent(from.top().id).is_known())
        from.instances.record_sent(render_page(from, env).rendered);
    for (const auto& each : events) {
        outcomes.push_back(dispatch(from, each, env));
        if (outcomes.back().verdict == verdict::ended) break;
        if (outcomes.back().verdict == verdict::applied) from = outcomes.back().next;
    }
    return outcomes;
}

outcome go_back(
    const conversation& current,
    event_id id,
    std::optional<std::uint64_t> to,
    const environment& env
) {
    if (id != 0 && current.has_applied(id)) return unchanged(current, verdict::repeated, env);
    if (!waits_for(current, current.top().id, user_of(current, env)))
        return {.verdict = verdict::forbidden};
    return guarded([&] { return step_back(current, id, to, env); });
}

bool has_wakeup(const conversation& current) {
    bool found = false;
    current.instances.each([&](const instance_ptr& each) {
        found = found || each->type->wakeup != nullptr || has_unmade_child(*each);
    });
    return found;
}

outcome wake(const conversation& current, const environment& env) {
    return guarded([&] {
        turn t(current, env);
        t.wake();
        // A user has done nothing, so the steps that Forward can reach stay.
        return settle(current, t, 0, initiator::other, env);
    });
}

outcome resume(conversation restored, const environment& env) {
    restored.touched = env.now;
    restored.applied.clear();  // these events came from pages of the other conversation
    restored.kept = false;     // the work worth keeping is in the other conversation
    return guarded([&] {
        turn t(restored, env);
        t.wake();
        auto done = settle(restored, t, 0, initiator::other, env);
        if (done.verdict != verdict::applied) return done;
        auto page = render_page(done.next, env);
        done.next.instances.record_sent(page.rendered);
        done.patches = with_step(done.next, std::move(page.view));
        return done;
    });
}

outcome expire(const conversation& current, std::string_view text) {
    outcome out{.verdict = verdict::ended, .next = current};
    current.instances.each([&](const instance_ptr& each) { request_stop(each, out.outbox); });
    std::ranges::reverse(out.outbox);
    out.next.end();
    out.next.advance();
    out.patches.push_back({.kind = patch_kind::final, .content = finished_view(current, text)});
    return out;
}

void run_stop(const command::stop& stop, const conversation& of, const environment& env) {
    const auto& leaving = *stop.leaving;
    STUBE_ASSERT(leaving.type->stop);
    auto state = leaving.type->copy(leaving.state);
    auto ctx = context_of(of, env);
    leaving.type->stop(state.get(), ctx);
}

outcome mark_seen(const conversation& current) {
    outcome out{.verdict = verdict::applied, .next = current};
    out.next.advance();
    return out;
}

outcome name(const conversation& current, std::string alias) {
    auto out = mark_seen(current);
    out.aliases.push_back(std::move(alias));
    return out;
}

whole_page whole_view(const conversation& current, const environment& env) {
    auto page = render_page(current, env);
    whole_page out{with_step(current, std::move(page.view)), {}};
    for (const auto& [id, rendered] : page.rendered) {
        const auto sent = current.instances.sent(id);
        if (sent.is_known() && sent != rendered) out.differing.push_back(id);
    }
    return out;
}

patch render_view(const conversation& current, const environment& env) {
    return render_page(current, env).view;
}

}  // namespace stube::kernel
