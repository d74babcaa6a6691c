#include "runtime/live/operation_runner.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/live/access_check.hpp"
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

/// True if the conversation is unseen, and has timers, subscriptions, work or commands that begin
/// when it is seen.
bool begins_when_seen(const session& s) {
    const bool has_held_commands = s.background && !s.background->held_commands.empty();
    return s.value->unseen && (!s.value->waiting.empty() || has_held_commands);
}

}  // namespace

void operation_runner::run(held_entry held, operation op) {
    if (!make_ready(held, op)) return parts_.operations.release(std::move(held));
    if (op.guest && !may_use(held, op)) {
        op.done({.result = status::foreign});
        return parts_.operations.release(std::move(held));
    }
    record_rollback(held, op);
    if (op.from == origin::clock && !parts_.timers.take_due(held))
        return parts_.operations.release(std::move(held));
    if (commit_preparation(held, op)) return;
    if (!op.is_change()) {
        reply_with_view(held, op);
        return parts_.operations.release(std::move(held));
    }
    const auto env = parts_.context.environment();
    auto result = run_change(std::get<change_action>(op.action), held.value(), env);
    parts_.committer.commit(std::move(held), std::move(op), std::move(result), env);
}

/// Decodes the conversation if necessary. Replies and returns false if the operation cannot run.
bool operation_runner::make_ready(const held_entry& held, operation& op) {
    const bool is_usable =
        held->state == condition::live && hydrate(held, parts_.context, parts_.registry);
    if (!is_usable) {
        op.done(parts_.registry.refusal(*held));
        return false;
    }
    // A change that cannot be saved any more must not run: its effects on the application would
    // remain.
    if (parts_.context.is_closed && op.is_change() && op.from != origin::work) {
        op.done({.result = status::store_down});
        return false;
    }
    return true;
}

/// True if the rule for access allows the visitor, who is not the owner, to use the conversation.
bool operation_runner::may_use(const held_entry& held, const operation& op) const {
    const auto purpose = op.is_change() ? access_purpose::act : access_purpose::see;
    return is_allowed(parts_.context.options, purpose, *op.guest, held.value());
}

/// Some conversations change before the operation: the `wakeup` hooks run after a restart, and
/// timers and messages begin when the conversation is seen. Returns true if such a change is on its
/// way to the store; the operation then runs after it.
bool operation_runner::commit_preparation(held_entry& held, operation& op) {
    auto& session = held.session();
    const auto* change = std::get_if<change_action>(&op.action);
    const bool may_wake = !change || change->runs_wakeup;
    if (may_wake && std::exchange(session.needs_wakeup, false) && has_wakeup(*session.value)) {
        commit_before(std::move(held), std::move(op), cause::restart{});
        return true;
    }
    if (!change && begins_when_seen(session)) {
        // The next revision changes nothing that the page shows.
        if (op.seen == session.value->revision) ++*op.seen;
        commit_before(std::move(held), std::move(op), cause::seen{});
        return true;
    }
    return false;
}

/// Commits the change that `first` causes, and then runs the operation. If the change cannot be
/// saved, the operation fails.
void operation_runner::commit_before(held_entry held, operation op, any_cause first) {
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

/// A page has seen only saved revisions. If it reports a later revision than the stored one, the
/// store has lost changes, or the browser's report is wrong. This check comes before the `wakeup`
/// hooks, which make a new revision.
void operation_runner::record_rollback(const held_entry& held, operation& op) {
    const auto stored = held.value().revision;
    if (!op.seen || *op.seen <= stored) return;
    op.is_ahead = true;
    if (std::exchange(held.session().is_rolled_back, true)) return;
    ++parts_.context.totals.rolled_back;
    parts_.context.log().warn(
        "rolled_back conversation={} stored={} claimed={} why=\"a browser claims to have seen a "
        "later revision: either the claim is wrong, or the store has lost saved changes\"",
        held->id,
        stored,
        *op.seen
    );
}

/// Replies with the view to a page that is being loaded, or to a stream, which is added.
void operation_runner::reply_with_view(const held_entry& held, operation& op) {
    const auto* attach = std::get_if<attach_action>(&op.action);
    auto r = parts_.pages.view(held, op, attach ? attach->stream.get() : nullptr);
    held->last_seen = parts_.context.clock.steady();
    if (attach) {
        r.streamed = true;
        const auto oldest = held->streams.add(attach->stream, parts_.context.options.max_streams);
        held->was_open = true;
        parts_.registry.unused().remove(*held);
        if (oldest) oldest->displace();
        if (r.news) attach->stream->publish(r.news);
    }
    op.done(std::move(r));
}

}  // namespace stube::live
