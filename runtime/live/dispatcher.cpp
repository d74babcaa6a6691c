#include "runtime/live/dispatcher.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

namespace stube::live {

namespace {

/// After this many conversations, an executor can run other functions first.
constexpr std::size_t conversations_per_post = 32;

}  // namespace

dispatcher::dispatcher(map_context& context, registry& conversations, run_operation run)
    : context_(context), registry_(conversations), run_(std::move(run)) {}

void dispatcher::submit(std::string_view id, std::optional<visitor> from, operation op) {
    if (context_.is_closed) return op.done({.result = status::store_down});
    auto e = registry_.find(id);
    if (!e) return op.done(registry_.refusal(id, from ? std::optional(from->owner) : std::nullopt));
    const auto state = e->state.load();
    if (from && state != condition::unusable && e->owner != from->owner) {
        if (!context_.options.access || state != condition::live)
            return op.done({.result = status::foreign});
        op.guest = from->user ? *from->user : principal();
    }
    if (state != condition::live) return op.done(registry_.refusal(*e));
    switch (e->operations.submit(op, context_.options.max_waiting)) {
    case mailbox::submitted::held:
        return run_(held_entry::of(std::move(e)), std::move(op));
    case mailbox::submitted::queued:
        return;
    case mailbox::submitted::refused:
        return op.done({.result = status::overloaded});
    }
}

dispatcher::queued dispatcher::enqueue(const entry_ptr& e, operation op) {
    if (e->state != condition::live) return queued::dropped;
    op.on = &context_.executor_of(*e);
    switch (e->operations.append(std::move(op), context_.options.max_messages)) {
    case mailbox::appended::first:
        return queued::first;
    case mailbox::appended::behind:
        return queued::behind;
    case mailbox::appended::dropped_as_first:
        context_.log().warn("messages lost conversation={} why=\"too many wait\"", e->id);
        break;
    case mailbox::appended::dropped:
        break;
    }
    ++context_.totals.messages_lost;
    return queued::dropped;
}

/// Posts one function to each executor, however many of the conversations it has.
void dispatcher::drain(const std::vector<entry_ptr>& free) {
    std::unordered_map<executor*, std::vector<entry_ptr>> by_executor;
    for (const auto& e : free)
        by_executor[&context_.executor_of(*e)].push_back(e);
    for (auto& [on, own] : by_executor)
        drain_on(*on, std::make_shared<const std::vector<entry_ptr>>(std::move(own)), 0);
}

void dispatcher::drain_on(executor& on, entries free, std::size_t from) {
    on.post([this, &on, free = std::move(free), from] {
        const auto end = std::min(free->size(), from + conversations_per_post);
        for (auto index = from; index < end; ++index) {
            const auto& e = (*free)[index];
            if (auto next = e->operations.take_next()) run_(held_entry::of(e), std::move(*next));
        }
        if (end < free->size()) drain_on(on, free, end);
    });
}

void dispatcher::release(held_entry held) {
    auto next = held->operations.take_next();
    if (!next) return;
    auto& on = *next->on;
    auto shared = std::make_shared<operation>(std::move(*next));
    on.post([this, e = held.pointer(), shared] { run_(held_entry::of(e), std::move(*shared)); });
}

}  // namespace stube::live
