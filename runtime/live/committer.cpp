#include "runtime/live/committer.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/event_record.hpp"
#include "runtime/kernel/notices.hpp"

#include <stube/runtime/component_error.hpp>

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace stube::live {

using namespace kernel;
using namespace storage;

namespace {

status status_of(verdict v) {
    switch (v) {
    case verdict::applied:
        return status::ok;
    case verdict::ended:
        return status::ended;
    case verdict::repeated:
        return status::repeated;
    case verdict::stale:
        return status::stale;
    case verdict::unknown_event:
        return status::unknown_event;
    case verdict::bad_arguments:
        return status::bad_arguments;
    case verdict::forbidden:
        return status::forbidden;
    case verdict::failed:
        return status::failed;
    }
    return status::failed;
}

/// The data of a commit that does not come from the parts.
archived_commit describe_commit(
    const conversation& before,
    const any_cause& why,
    const outcome& result,
    const environment& env
) {
    archived_commit out;
    out.parent = result.continues != 0 ? result.continues : before.revision;
    out.time = env.now.time_since_epoch().count();
    out.event = encode_event(before, why, env, result);
    out.aliases = result.aliases;
    if (const auto* restored = std::get_if<cause::restored>(&why);
        restored && !restored->origin.id.empty())
        out.origin = fork_origin{restored->origin.id, restored->origin.head};
    return out;
}

bool is_archived(const conversation& one) {
    return one.durable() && one.root != 0 && one.instances.at(one.root).type->archived;
}

change removal_of(const entry& e) {
    change removal;
    removal.id = e.id;
    removal.kind = change_kind::remove;
    return removal;
}

}  // namespace

committer::committer(parts to, store& storage, std::function<void(const std::string&)> on_down)
    : parts_(to), storage_(storage), archive_(archive_of(storage)) {
    if (storage.keeps())
        writer_ = std::make_unique<commit_writer>(storage, to.context.totals, std::move(on_down));
}

void committer::watch_place() {
    if (writer_) writer_->watch();
}

void committer::stop() {
    if (writer_) writer_->stop();
}

// --- encoding

/// True if the change must be durable before it is published.
bool committer::needs_save(const session& s, const outcome& result) const {
    if (!writer_) return false;
    if (result.verdict == verdict::ended) return true;
    if (result.verdict != verdict::applied) return false;
    return result.next.durable() || !s.has_tombstone;
}

/// Throws what a component's codec throws, and std::invalid_argument for a change that every store
/// refuses (a state that is not UTF-8). In a batch, such a change would delay the other ones.
change committer::encode(
    const held_entry& held,
    const operation& op,
    const outcome& result,
    const environment& env
) const {
    const auto& why = std::get<change_action>(op.action).cause;
    const auto& session = held.session();
    if (result.verdict == verdict::ended) {
        auto removal = removal_of(*held);
        if (archive_) archive_end(removal, held, why, result, env);
        return removal;
    }
    const auto* before = session.is_new() ? nullptr : session.value.get();
    const bool in_parts = storage_.saves_parts() && !session.has_tombstone;
    std::shared_ptr<archived_commit> archived;
    if (archive_ && is_archived(result.next))
        archived =
            std::make_shared<archived_commit>(describe_commit(held.value(), why, result, env));
    auto wanted = encode_change(before, result.next, in_parts, archived.get());
    wanted.commit = std::move(archived);
    check_change(wanted);
    return wanted;
}

/// The archive keeps nothing of a conversation that was deleted before its first event: there can
/// be millions of them.
void committer::archive_end(
    change& removal,
    const held_entry& held,
    const any_cause& why,
    const outcome& result,
    const environment& env
) const {
    removal.forgets = std::holds_alternative<cause::removal>(why) && !held->had_event;
    if (removal.forgets || !is_archived(held.value())) return;
    auto end = describe_commit(held.value(), why, result, env);
    end.about = encode_as_of(result.next);
    removal.revision = result.next.revision;
    removal.commit = std::make_shared<const archived_commit>(std::move(end));
}

/// Throws if a conversation has become too large. An encoded conversation has its size at no extra
/// cost; otherwise only each 16th change is measured.
void committer::check_size(const session& s, outcome& result, bool is_encoded) const {
    constexpr std::uint64_t changes_per_check = 16;
    const auto limit = parts_.context.options.max_state;
    auto& next = result.next;
    const auto before = std::exchange(next.size, 0);
    if (!is_encoded && next.revision % changes_per_check != 0) return;
    next.size = stored_size(is_encoded ? s.value.get() : nullptr, next);
    if (next.size <= limit) return;
    if (next.size <= (before != 0 ? before : stored_size(nullptr, *s.value))) return;
    throw std::length_error(
        "stube: the conversation would take " + std::to_string(next.size) +
        " bytes, and conversation_options::max_state is " + std::to_string(limit)
    );
}

/// Throws if an alias cannot be written: then the event fails, and its page shows a notice.
void committer::check_aliases(const held_entry& held, const outcome& result) const {
    if (result.aliases.empty()) return;
    const bool is_over = result.verdict == verdict::ended;
    if (!archive_ || !is_archived(is_over ? held.value() : result.next))
        throw component_error("stube: write_alias needs a store that keeps an archive");
    for (const auto& name : result.aliases) {
        const auto owner = archive_->find_alias(name);
        if (owner && *owner != held->id)
            throw component_error("stube: the alias " + name + " belongs to another conversation");
    }
}

/// Records the failure of a turn, which the archive cannot learn from a commit. A client's mistake
/// is not a failure.
void committer::record_failure(
    const held_entry& held,
    const operation& op,
    const outcome& result,
    const environment& env
) const {
    const bool is_failure = !result.error.empty() && result.verdict != verdict::unknown_event &&
                            result.verdict != verdict::bad_arguments;
    if (!is_failure || !archive_ || held.session().is_new() || !is_archived(held.value())) return;
    try {
        const detail::secret_keys_scope scope(parts_.context.options.secrets);
        const auto& why = std::get<change_action>(op.action).cause;
        archived_failure failed{
            held->id,
            held.value().revision,
            env.now.time_since_epoch().count(),
            encode_event(held.value(), why, env, result),
            result.error
        };
        check_failure(failed);
        writer_->record_failure(std::move(failed));
    } catch (const std::exception& error) {
        parts_.context.log().warn(
            "failure not archived: conversation={} why={}",
            held->id,
            quote_for_log(error.what())
        );
    }
}

void committer::warn_not_durable(const held_entry& held, const conversation& next) {
    if (std::exchange(held.session().was_warned, true)) return;
    parts_.context.log().warn(
        "not saved: conversation={} component={} holds a live coroutine; it will be gone after a "
        "restart",
        held->id,
        next.not_durable()->name
    );
}

// --- committing

void committer::commit(held_entry held, operation op, outcome result, const environment& env) {
    const auto& session = held.session();
    const bool is_applied = result.verdict == verdict::applied;
    // A later process compares these times, so they must not depend on how the clock was set.
    if (is_applied && result.next.touched != session.value->touched)
        result.next.touched = parts_.context.clock.undisturbed();
    record_failure(held, op, result, env);
    if (writer_ && is_applied && !result.next.durable()) warn_not_durable(held, result.next);
    const bool is_saved = needs_save(session, result);
    change wanted;
    try {
        const detail::secret_keys_scope scope(parts_.context.options.secrets);
        check_aliases(held, result);
        if (is_saved) wanted = encode(held, op, result, env);
        if (is_applied) check_size(session, result, is_saved);
    } catch (...) {
        outcome failed{.verdict = verdict::failed, .error = current_exception_message()};
        return finish(
            {std::move(held), std::move(op), std::move(failed)},
            save_result::durable,
            {}
        );
    }
    pending waiting{std::move(held), std::move(op), std::move(result)};
    if (!is_saved) return finish(std::move(waiting), save_result::durable, {});
    auto& on = *waiting.op.on;
    auto shared = std::make_shared<pending>(std::move(waiting));
    writer_->submit(std::move(wanted), on, [this, shared](save_result saved, const auto& why) {
        finish(std::move(*shared), saved, why);
    });
}

void committer::remove_unread(held_entry held, std::function<void()> on_removed) {
    auto removal = removal_of(*held);
    auto& on = parts_.context.executor_of(*held);
    auto shared = std::make_shared<held_entry>(std::move(held));
    writer_->submit(
        std::move(removal),
        on,
        [this, shared, on_removed = std::move(on_removed)](save_result saved, const auto& why) {
            parts_.removals.record(saved, why);
            if (saved == save_result::durable) {
                remove(*shared, false, nullptr);
                on_removed();
            }
            parts_.operations.release(std::move(*shared));
        }
    );
}

void committer::save_upkeep(
    change wanted,
    std::optional<held_entry> held,
    commit_writer::on_saved done
) {
    auto& on = parts_.context.executor_of(wanted.id);
    auto shared = std::make_shared<std::optional<held_entry>>(std::move(held));
    writer_->submit(
        std::move(wanted),
        on,
        [this, shared, done = std::move(done)](save_result saved, const auto& why) {
            if (*shared) parts_.operations.release(std::move(**shared));
            done(saved, why);
        }
    );
}

void committer::finish(pending done, save_result saved, const std::string& why) {
    auto outbox = std::move(done.result.outbox);
    auto& held = done.held;
    const bool was_unseen = held.value().unseen;
    const auto settled = settle(done, saved, why);
    if (settled == status::ok || settled == status::ended) {
        if (was_unseen && !held.value().unseen) parts_.outbox.run_held(held, done.op);
        parts_.outbox.run(held, std::move(outbox));
        const auto& on_committed = parts_.context.options.on_committed;
        if (on_committed) on_committed(held->id);
    }
    parts_.timers.record_attempt(held, done.op, settled);
    parts_.timers.schedule(held);
    parts_.operations.release(std::move(held));
}

/// Publishes a change that was saved or need not be saved, and replies. After a failed save, only
/// replies.
status committer::settle(pending& done, save_result saved, const std::string& why) {
    auto& [held, op, result] = done;
    auto& session = held.session();
    const bool was_new = session.is_new();
    // A tombstoned conversation carries no durability promise, so a refused save does not undo its
    // change: a flow that has advanced cannot go back. A later change saves it.
    const bool keeps_tombstone = session.has_tombstone && saved == save_result::refused;
    if (op.from == origin::upkeep && result.verdict == verdict::ended)
        parts_.removals.record(saved, why);
    else if (saved != save_result::durable)
        parts_.context.log()
            .error("not saved conversation={} why={}", held->id, quote_for_log(why));
    if (saved != save_result::durable && !keeps_tombstone) {
        const auto failed = saved == save_result::refused ? status::not_saved : status::store_down;
        op.done({.result = failed, .value = was_new ? nullptr : session.value});
        return failed;
    }
    if (result.verdict == verdict::failed) {
        auto failed = parts_.pages.report_failure(held, result.error, op.sender());
        parts_.pages.keep_notices(held, op, failed.news);
        op.done(std::move(failed));
        return status::failed;
    }
    if (result.verdict == verdict::applied || result.verdict == verdict::ended)
        session.has_tombstone = writer_ && (keeps_tombstone || !result.next.durable());
    return publish(done, was_new);
}

/// The rest of `settle`, for a result that is not a failure.
status committer::publish(pending& done, bool was_new) {
    auto& [held, op, result] = done;
    const bool is_applied = result.verdict == verdict::applied;
    const bool is_over = result.verdict == verdict::ended;
    // Keeps the old value until the end of this function. The locals of a flow are destroyed with
    // it, and their destructors are code of the application.
    const auto old = held.session().value;
    std::string error_id;
    if (result.is_typed_only) {
        error_id = parts_.pages.log_failure(held, result.error);
        result.patches.push_back(failure_notice(error_id));
    }
    if (is_applied || is_over)
        replace_value(done);
    else if (op.from != origin::user)
        result.patches.clear();  // no page waits for a reply
    if (is_applied) parts_.pages.check_markup(held.value());
    if (op.seen && *op.seen != old->revision) held.session().has_blind_page = true;
    if (is_applied) parts_.pages.replace_for_blind_pages(held, result.patches);
    parts_.pages.forget_sent(held, result.differing);
    if (was_new && !is_over) parts_.registry.add(held.pointer());
    record_use(held);
    if (!is_over) parts_.messages.update_topics(held);

    // A new revision is published even without patches: a gap in the revisions would mean to a page
    // that it has missed an update.
    std::shared_ptr<const update> news;
    if (is_applied || !result.patches.empty())
        news = make_update(held.value().revision, std::move(result.patches), is_over);
    const auto settled = status_of(result.verdict);
    const auto replied = result.is_typed_only ? status::failed : settled;
    auto published = parts_.pages.publish(held, replied, std::move(news), op.sender());
    published.error_id = std::move(error_id);
    if (is_over) remove(held, was_new, published.news);
    if (!is_over) parts_.pages.keep_notices(held, op, published.news);
    op.done(std::move(published));
    return settled;
}

void committer::replace_value(pending& done) {
    auto& [held, op, result] = done;
    auto& session = held.session();
    if (!result.error.empty() && !result.is_typed_only)
        parts_.context.log()
            .error("failed conversation={} why={}", held->id, quote_for_log(result.error));
    session.value = std::make_shared<const conversation>(std::move(result.next));
    if (op.from == origin::user) held->last_seen = parts_.context.clock.steady();
}

/// Records the events and the mark that determine the conversation's worth.
void committer::record_use(const held_entry& held) {
    held->is_kept = held.value().kept;
    if (held.value().applied.empty() || held->had_event.exchange(true)) return;
    parts_.registry.unused().remove(*held);
}

/// Removes a conversation that is over from all parts. A new conversation is not in any part yet.
void committer::remove(const held_entry& held, bool was_new, std::shared_ptr<const update> last) {
    if (was_new) {
        held->state = condition::over;
        return parts_.registry.remember_end(held, std::move(last));
    }
    if (!parts_.registry.remove(held, std::move(last))) return;
    parts_.timers.remove(held);
    parts_.messages.remove(held);
}

}  // namespace stube::live
