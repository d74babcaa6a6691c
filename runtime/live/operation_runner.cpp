#include "runtime/live/operation_runner.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/live/hydration.hpp"

#include <stube/runtime/kernel.hpp>

#include <memory>
#include <utility>
#include <variant>

namespace stube::live {

using namespace kernel;

namespace {

outcome run_change(const change_action& change, const conversation& now, const environment& env) {
    try {
        if (change.is_wanted && !change.is_wanted()) return {.verdict = verdict::stale};
        return apply(now, change.cause, env);
    } catch (...) {
        return {.verdict = verdict::failed, .error = current_exception_message()};
    }
}

/// True if nobody has seen the conversation, and something of it begins when somebody does.
bool begins_when_seen(const session& s) {
    const bool has_held_commands = s.background && !s.background->held_commands.empty();
    return s.value->unseen && (!s.value->waiting.empty() || has_held_commands);
}

}  // namespace

void operation_runner::run(held_entry held, operation op) {
    if (!is_ready(held, op)) return parts_.operations.release(std::move(held));
    record_rollback(held, op);
    if (op.from == origin::clock && !parts_.timers.is_due(held))
        return parts_.operations.release(std::move(held));
    if (runs_something_first(held, op)) return;
    if (!op.is_change()) {
        look(held, op);
        return parts_.operations.release(std::move(held));
    }
    const auto env = parts_.context.environment();
    auto result = run_change(std::get<change_action>(op.action), held.value(), env);
    parts_.committer.commit(std::move(held), std::move(op), std::move(result), env);
}

/// Replies and returns false if the conversation cannot be used.
bool operation_runner::is_ready(const held_entry& held, operation& op) {
    const bool is_usable =
        held->state == condition::live && hydrate(held, parts_.context, parts_.all);
    if (!is_usable) {
        op.done(parts_.all.refusal(*held));
        return false;
    }
    // A change that cannot be saved any more would leave its effects on the application.
    if (parts_.context.is_closed && op.is_change() && op.from != origin::work) {
        op.done({.result = status::store_down});
        return false;
    }
    return true;
}

/// Some conversations change before the operation: the `wakeup` hooks run after a restart, and
/// timers and messages begin when somebody sees the page.
bool operation_runner::runs_something_first(held_entry& held, operation& op) {
    auto& session = held.session();
    const auto* change = std::get_if<change_action>(&op.action);
    const bool may_wake = !change || change->runs_wakeup;
    if (may_wake && std::exchange(session.needs_wakeup, false) && has_wakeup(*session.value)) {
        commit_first(std::move(held), std::move(op), cause::restart{});
        return true;
    }
    if (!change && begins_when_seen(session)) {
        // The page has seen everything that the next revision contains.
        if (op.seen == session.value->revision) ++*op.seen;
        commit_first(std::move(held), std::move(op), cause::seen{});
        return true;
    }
    return false;
}

/// Saves the result of `first`, and then lets the operation run. While that cannot be saved the
/// operation fails.
void operation_runner::commit_first(held_entry held, operation op, any_cause first) {
    const bool was_wakeup = std::holds_alternative<cause::restart>(first);
    const auto env = parts_.context.environment();
    auto result = apply(held.value(), first, env);
    operation before;
    before.action = change_action{std::move(first)};
    before.from = op.from;
    before.on = op.on;
    auto waiting = std::make_shared<operation>(std::move(op));
    // Called while `before` holds the conversation.
    before.done = [e = held.pointer(), waiting, was_wakeup](reply&& r) {
        if (r.result == status::not_saved || r.result == status::store_down) {
            held_entry::of(e).session().needs_wakeup = was_wakeup;
            return waiting->done(std::move(r));
        }
        e->operations.put_back(std::move(*waiting));
    };
    parts_.committer.commit(std::move(held), std::move(before), std::move(result), env);
}

/// A page cannot have seen a revision that was not saved, unless the store has lost it. But only
/// the browser claims so, and it can claim anything. Checked before the `wakeup` hooks, which make
/// a revision of their own.
void operation_runner::record_rollback(const held_entry& held, operation& op) {
    const auto stored = held.value().revision;
    if (!op.seen || *op.seen <= stored) return;
    op.is_ahead = true;
    if (std::exchange(held.session().is_rolled_back, true)) return;
    ++parts_.context.totals.rolled_back;
    parts_.context.log().warn(
        "rolled_back conversation={} stored={} claimed={} why=\"a browser claims to have seen a "
        "later revision: either that is wrong, or the store has lost what was saved\"",
        held->id,
        stored,
        *op.seen
    );
}

/// Replies with the value as it is, to a page that is being loaded or to a stream.
void operation_runner::look(const held_entry& held, operation& op) {
    const auto* attach = std::get_if<attach_action>(&op.action);
    auto r = parts_.pages.view(held, op, attach ? attach->stream.get() : nullptr);
    held->last_seen = parts_.context.clock.steady();
    if (attach) {
        r.streamed = true;
        const auto oldest = held->streams.add(attach->stream, parts_.context.options.max_streams);
        held->was_open = true;
        parts_.all.unused().remove(*held);
        if (oldest) oldest->displace();
        if (r.news) attach->stream->publish(r.news);
    }
    op.done(std::move(r));
}

}  // namespace stube::live
