#include "runtime/live/timers.hpp"

#include "runtime/live/backoff.hpp"

#include <stube/runtime/deliveries.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace stube::live {

using namespace kernel;

namespace {

/// From 1 to 256 seconds.
constexpr backoff retry_backoff{std::chrono::seconds(1), 8};

}  // namespace

timers::timers(map_context& context, registry& conversations, dispatcher& to)
    : context_(context),
      registry_(conversations),
      dispatcher_(to),
      queue_(
          context.clock,
          [this](const auto& ids) { enqueue_due(ids); },
          context.options.watch_clock ? timer_queue::watch::by_thread : timer_queue::watch::by_hand
      ) {}

void timers::schedule(const held_entry& held) {
    auto& session = held.session();
    if (context_.is_closed || held->state != condition::live || session.is_new()) return;
    if (session.value->unseen) return;
    const auto* background = session.background.get();
    const bool has_retries = background && !background->retries.empty();
    std::optional<time_point> wanted;
    // Most conversations wait for nothing, and for them no clock is read.
    if (!session.value->waiting.empty() || has_retries) {
        const auto& clock = context_.clock;
        const auto retry_at = background ? background->retry_at : steady_time();
        wanted = next_due(*session.value, clock.shift());
        const auto earliest = clock.now() + (retry_at - clock.steady());
        if (has_retries) wanted = wanted ? std::min(*wanted, earliest) : earliest;
        if (wanted) wanted = std::max(*wanted, earliest);
    }
    if (wanted == (background ? background->due : std::nullopt)) return;
    session.make_background().due = wanted;
    queue_.set(held->id, wanted);
}

void timers::remove(const held_entry& held) {
    const auto& background = held.session().background;
    if (background && background->due) queue_.set(held->id, std::nullopt);
}

bool timers::take_due(const held_entry& held) {
    auto& session = held.session();
    if (session.background) {
        session.background->due.reset();
        for (auto& retry : std::exchange(session.background->retries, {}))
            held->operations.append(std::move(retry), context_.options.max_messages);
    }
    const auto due = next_due(*session.value, context_.clock.shift());
    if (due && *due <= context_.clock.now()) return true;
    schedule(held);
    return false;
}

void timers::record_attempt(const held_entry& held, const operation& op, status result) {
    if (op.from == origin::user || op.from == origin::message) return;
    auto& session = held.session();
    if (result == status::not_saved || (result == status::failed && op.from == origin::clock)) {
        auto& background = session.make_background();
        background.retry_at =
            context_.clock.steady() + retry_backoff.after_failure(background.failed_attempts);
    } else if (session.background) {
        session.background->failed_attempts = 0;
        session.background->retry_at = {};
    }
}

void timers::enqueue_due(const std::vector<std::string>& ids) {
    if (context_.is_closed) return;
    std::vector<entry_ptr> free;
    for (const auto& id : ids) {
        auto e = registry_.find(id);
        if (e && dispatcher_.enqueue(e, fire_operation()) == dispatcher::queued::first)
            free.push_back(std::move(e));
    }
    dispatcher_.drain(free);
}

operation timers::fire_operation() {
    auto done = [this](reply&& r) {
        if (r.result == status::ok || r.result == status::ended) ++context_.totals.timers_fired;
    };
    return {
        .action = change_action{cause::timers{}},
        .done = std::move(done),
        .from = origin::clock
    };
}

}  // namespace stube::live
