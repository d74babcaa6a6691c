#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/markup_check.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/script_only.hpp"
#include "runtime/live/map_impl.hpp"

#include <stube/runtime/random_id.hpp>

#include <spdlog/logger.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

namespace stube::live {

using namespace kernel;

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
    case verdict::failed:
        return status::failed;
    }
    return status::failed;
}

}  // namespace

std::shared_ptr<const update>
make_update(std::uint64_t revision, std::vector<patch> patches, bool ended) {
    return std::make_shared<const update>(update{revision, std::move(patches), ended});
}

// --- changing

void conversation_map::impl::warn_not_durable(entry& e, const conversation& next) {
    if (std::exchange(e.warned, true)) return;
    options_.logger->warn(
        "not saved: conversation={} component={} holds a live coroutine; it will be gone after a "
        "restart",
        e.id,
        next.not_durable()->name
    );
}

/// True if the store must be told before anyone else is.
bool conversation_map::impl::needs_save(const entry& e, const outcome& o) const {
    if (!saver_) return false;
    if (o.verdict == verdict::ended) return true;
    if (o.verdict != verdict::applied) return false;
    return o.next.durable() || !e.marked;
}

/// What the store is told of an outcome. Throws what a component's codec throws, and what no store
/// would take (a state that is not UTF-8): one bad change would otherwise hold up its whole batch.
change conversation_map::impl::change_for(const entry& e, const outcome& o) const {
    if (o.verdict != verdict::ended) {
        const auto* before = e.is_new() ? nullptr : e.value.get();
        auto wanted = encode_change(before, o.next, storage_->saves_parts() && !e.marked);
        check_change(wanted);
        return wanted;
    }
    change what;
    what.id = e.id;
    what.what = change::kind::remove;
    return what;
}

/// Throws if a conversation has become too large. To find that out costs nothing for what is
/// encoded anyway.
void conversation_map::impl::check_size(const entry& e, outcome& o, bool is_encoded) const {
    constexpr std::uint64_t looks_rarely = 16;
    const auto before = std::exchange(o.next.size, 0);
    if (!is_encoded && o.next.revision % looks_rarely != 0) return;
    o.next.size = stored_size(is_encoded ? e.value.get() : nullptr, o.next);
    if (o.next.size <= options_.max_state) return;
    if (o.next.size <= (before != 0 ? before : stored_size(nullptr, *e.value))) return;
    throw std::length_error(
        "stube: the conversation would take " + std::to_string(o.next.size) +
        " bytes, and conversation_options::max_state is " + std::to_string(options_.max_state)
    );
}

void conversation_map::impl::commit(const entry_ptr& e, operation op, outcome o) {
    const bool is_applied = o.verdict == verdict::applied;
    // Another process will compare these: they must not depend on what the clock was set to.
    if (is_applied && o.next.touched != e->value->touched) o.next.touched = clocks_.undisturbed();
    if (saver_ && is_applied && !o.next.durable()) warn_not_durable(*e, o.next);
    const bool is_saved = needs_save(*e, o);
    change what;
    try {
        if (is_saved) what = change_for(*e, o);
        if (is_applied) check_size(*e, o, is_saved);
    } catch (...) {
        outcome failed{.verdict = verdict::failed, .error = current_exception_message()};
        return finish(e, op, std::move(failed), save_result::durable, {});
    }
    if (!is_saved) return finish(e, op, std::move(o), save_result::durable, {});
    auto& on = *op.on;
    auto shared_op = std::make_shared<operation>(std::move(op));
    auto shared_outcome = std::make_shared<outcome>(std::move(o));
    auto done = [this, e, shared_op, shared_outcome](save_result saved, const std::string& why) {
        finish(e, *shared_op, std::move(*shared_outcome), saved, why);
    };
    saver_->submit(std::move(what), on, std::move(done));
}

/// What its value says of how much it is worth to its user.
void conversation_map::impl::note_use(const entry_ptr& e) {
    e->is_kept = e->value->kept;
    if (e->value->applied.empty() || e->had_event.exchange(true)) return;
    unused_.remove(*e);
}

reply conversation_map::impl::tell(
    const entry_ptr& e,
    status what,
    std::shared_ptr<const update> news
) {
    std::vector<std::shared_ptr<view_stream>> streams;
    {
        std::lock_guard lock(shard_of(e->id).mutex);
        streams = e->streams;
    }
    reply r;
    r.what = what;
    if (!e->is_new()) r.value = e->value;
    if (!news) return r;
    for (const auto& each : streams)
        each->publish(news);
    r.streamed = !streams.empty();
    if (!news->patches.empty()) r.news = std::move(news);
    return r;
}

/// Returns the id that stands in the log beside the reason.
std::string conversation_map::impl::log_failure(const entry& e, const std::string& error) {
    auto error_id = random_id().substr(0, 8);
    options_.logger
        ->error("failed conversation={} error_id={} why={}", e.id, error_id, quote_for_log(error));
    return error_id;
}

/// Of an event or the like: all pages are told.
reply conversation_map::impl::report_failure(const entry_ptr& e, const std::string& error) {
    auto error_id = log_failure(*e, error);
    auto r = tell(e, status::failed, make_update(e->value->revision, {failure_notice(error_id)}));
    r.error_id = std::move(error_id);
    return r;
}

/// Keeps the notices of a submission without scripts for the page that is loaded after it.
void conversation_map::impl::keep_notices(
    entry& e,
    const operation& op,
    const std::shared_ptr<const update>& news
) {
    if (!op.keeps_notices || e.is_new()) return;
    std::vector<patch> notices;
    if (news) {
        std::ranges::copy_if(news->patches, std::back_inserter(notices), [](const patch& each) {
            return each.kind == patch_kind::notice;
        });
    }
    e.notices.reset();
    if (!notices.empty())
        e.notices = std::make_unique<const std::vector<patch>>(std::move(notices));
}

void conversation_map::impl::forget_sent(entry& e, const std::vector<instance_id>& these) {
    if (these.empty()) return;
    auto changed = std::make_shared<conversation>(*e.value);
    changed->forget_sent(these);
    std::lock_guard lock(shard_of(e.id).mutex);
    e.value = std::move(changed);
}

void conversation_map::impl::check_markup(const conversation& of) {
    if (!options_.check_markup) return;
    try {
        const auto view = render_view(of, world()).content;
        const auto wrong = check_page(view, of);
        if (!wrong.empty() && reported_.add(wrong))
            options_.logger->error("markup conversation={} why={}", of.id, quote_for_log(wrong));
        for (const auto& each : script_only_events(view, of)) {
            if (reported_.add(each))
                options_.logger->warn("needs scripts event=\"{}\"", quote_for_log(each));
        }
    } catch (...) {
        options_.logger->error(
            "markup conversation={} why={}",
            of.id,
            quote_for_log(current_exception_message())
        );
    }
}

/// Patches are of no use to a page whose view could not be rendered, or that has missed some: after
/// a change, all pages get the whole view instead.
void conversation_map::impl::show_blind_pages(entry& e, std::vector<patch>& patches) {
    if (!e.has_blind_page) return;
    try {
        auto page = whole_view(*e.value, world());
        e.has_blind_page = false;
        forget_sent(e, page.differing);
        // Commands and notices are not part of the view.
        for (auto& each : patches) {
            if (each.kind == patch_kind::command || each.kind == patch_kind::notice)
                page.patches.push_back(std::move(each));
        }
        patches = std::move(page.patches);
    } catch (...) {
        log_failure(e, current_exception_message());
    }
}

void conversation_map::impl::finish(
    const entry_ptr& e,
    const operation& op,
    outcome o,
    save_result saved,
    const std::string& why
) {
    auto requests = std::move(o.outbox);
    const bool was_unseen = e->value->unseen;
    const auto how = settle(e, op, std::move(o), saved, why);
    if (how == status::ok || how == status::ended) {
        if (was_unseen && !e->value->unseen) begin_held(e, op);
        e->value->unseen ? hold(*e, std::move(requests)) : carry_out(e, std::move(requests));
    }
    note_setback(e, op, how);
    note_due(e);
    release(e);
}

/// All but what comes after: publishes what was saved, and answers.
status conversation_map::impl::settle(
    const entry_ptr& e,
    const operation& op,
    outcome o,
    save_result saved,
    const std::string& why
) {
    const bool is_new = e->is_new();
    const bool is_behind = op.seen && *op.seen != e->value->revision;
    // Goes after the lock: the locals of a flow go with it, which may do as they like.
    std::shared_ptr<const conversation> old;
    // What is under a mark has promised nothing: it goes on as it would without a store, and is
    // saved with a later change. To undo it would be worse: a flow that has gone on cannot go back.
    const bool stays_marked = e->marked && saved == save_result::refused;
    if (op.from == origin::upkeep && o.verdict == verdict::ended)
        note_removal(saved, why);
    else if (saved != save_result::durable)
        options_.logger->error("not saved conversation={} why={}", e->id, quote_for_log(why));
    if (saved != save_result::durable && !stays_marked) {
        auto what = saved == save_result::refused ? status::not_saved : status::store_down;
        op.done({.what = what, .value = is_new ? nullptr : e->value});
        return what;
    }
    if (o.verdict == verdict::failed) {
        auto failed = report_failure(e, o.error);
        keep_notices(*e, op, failed.news);
        op.done(std::move(failed));
        return status::failed;
    }
    std::string error_id;
    if (o.is_typed_only) {
        error_id = log_failure(*e, o.error);
        o.patches.push_back(failure_notice(error_id));
    }
    if (o.verdict == verdict::applied || o.verdict == verdict::ended) {
        if (!o.error.empty() && !o.is_typed_only)
            options_.logger->error("failed conversation={} why={}", e->id, quote_for_log(o.error));
        auto next = std::make_shared<const conversation>(std::move(o.next));
        e->marked = saver_ && (stays_marked || !next->durable());
        std::lock_guard lock(shard_of(e->id).mutex);
        old = std::exchange(e->value, std::move(next));
        if (op.from == origin::user) e->last_seen = clocks_.steady();
    } else if (op.from != origin::user) {
        o.patches.clear();  // nobody waits for an answer
    }
    if (o.verdict == verdict::applied) check_markup(*e->value);
    e->has_blind_page = e->has_blind_page || is_behind;
    if (o.verdict == verdict::applied) show_blind_pages(*e, o.patches);
    forget_sent(*e, o.differing);
    const bool over = o.verdict == verdict::ended;
    if (is_new && !over) add(e);
    note_use(e);
    if (!over) note_topics(e);
    // A new revision is published without patches too: pages would take the silence for a loss.
    std::shared_ptr<const update> news;
    if (o.verdict == verdict::applied || !o.patches.empty())
        news = make_update(e->value->revision, std::move(o.patches), over);
    const auto how = status_of(o.verdict);
    auto told = tell(e, o.is_typed_only ? status::failed : how, std::move(news));
    told.error_id = std::move(error_id);
    if (over && is_new) {
        e->state = condition::over;
        remember_end(*e, told.news);
    } else if (over) {
        forget(e, told.news);
    }
    if (!over) keep_notices(*e, op, told.news);
    op.done(std::move(told));
    return how;
}

}  // namespace stube::live
