#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/live/access_check.hpp"
#include "runtime/live/committer.hpp"
#include "runtime/live/dispatcher.hpp"
#include "runtime/live/expiry.hpp"
#include "runtime/live/indexer.hpp"
#include "runtime/live/loader.hpp"
#include "runtime/live/map_context.hpp"
#include "runtime/live/messages.hpp"
#include "runtime/live/operation_runner.hpp"
#include "runtime/live/outbox_runner.hpp"
#include "runtime/live/page_updates.hpp"
#include "runtime/live/registry.hpp"
#include "runtime/live/removal_backoff.hpp"
#include "runtime/live/retention.hpp"
#include "runtime/live/timers.hpp"
#include "runtime/live/work.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/random_id.hpp>

#include <spdlog/spdlog.h>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

namespace stube::live {

using namespace kernel;

namespace {

time_point system_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

conversation_options with_defaults(conversation_options given) {
    if (!given.clock) given.clock = system_now;
    if (!given.steady_clock) given.steady_clock = std::chrono::steady_clock::now;
    if (!given.new_id) given.new_id = random_id;
    if (!given.logger) given.logger = spdlog::default_logger();
    return given;
}

/// Adds the map to the application's objects, for `history_of`.
conversation_options with_map(conversation_options given, conversation_map& map) {
    given.app.add(map);
    return given;
}

const conversation_map& required_map(const context& around) {
    if (const auto* map = around.find_app<conversation_map>()) return *map;
    throw store_refused("this conversation is not in a server, so it has no history");
}

std::optional<principal> copy_of(const principal* user) {
    return user ? std::optional(*user) : std::nullopt;
}

}  // namespace

/// The parts of a map, each before the parts that use it.
struct conversation_map::parts {
    parts(std::unique_ptr<store> from, conversation_options options)
        : storage(std::move(from)), context(with_defaults(std::move(options))) {}

    std::unique_ptr<store> storage;
    map_context context;
    live::registry registry;
    page_updates pages{context};
    removal_backoff removals{context};
    dispatcher operations{context, registry, [this](held_entry held, operation op) {
                              runner.run(std::move(held), std::move(op));
                          }};
    live::timers timers{context, registry, operations};
    live::messages messages{context, operations};
    live::work work{context, registry, operations};
    outbox_runner outbox{context, messages, work};
    live::committer committer{
        {context, registry, operations, pages, timers, messages, outbox, removals},
        *storage,
        [this](const std::string& why) { store_down(why); }
    };
    operation_runner runner{{context, registry, operations, pages, timers, committer}};
    live::expiry expiry{{context, registry, operations, committer, removals}};
    live::indexer indexer{context};
    live::retention retention{
        {context, registry, operations, committer, removals, indexer},
        *storage
    };
    std::once_flag stopped;

    conversation_history history() {
        return {
            *storage,
            [&options = context.options](time_point at) {
                return environment{
                    .now = at,
                    .app = &options.app,
                    .secrets = &options.secrets,
                    .marks_components = options.mark_components
                };
            },
            {indexer.index(), [this] { return indexer.position(); }}
        };
    }

    /// The conversation that a new one continues; an empty one for a visit. Sets `origin` for a
    /// fork. Throws std::invalid_argument if the archive does not have the head, and what
    /// `conversation_history` throws.
    conversation state_to_continue(
        beginning& start,
        fork_of& origin,
        std::string_view owner,
        const principal& user
    ) {
        if (auto* state = std::get_if<conversation>(&start)) return std::move(*state);
        const auto* fork = std::get_if<fork_of>(&start);
        if (!fork) return {};
        const auto head = fork->head == 0 ? std::nullopt : std::optional(fork->head);
        auto found = history().view(fork->id, head);
        const bool is_own = found && found->value.owner == owner;
        if (!found ||
            (!is_own && !is_allowed(context.options, access_purpose::fork, user, found->value)))
            throw std::invalid_argument(
                "the archive has no such head, or access refuses it, of conversation " + fork->id
            );
        origin = {fork->id, found->head};
        return std::move(found->value);
    }

    void store_down(const std::string& why) {
        context.is_closed = true;
        context.log().critical("the store is not usable any more why={}", quote_for_log(why));
        if (context.options.on_store_down) context.options.on_store_down(why);
    }
};

conversation_map::conversation_map(std::unique_ptr<store> storage, conversation_options options)
    : parts_(std::make_unique<parts>(std::move(storage), with_map(std::move(options), *this))) {}

conversation_map::~conversation_map() {
    stop();
    // The map must still be complete here. The locals of flows are destroyed with their
    // conversations, and their destructors may call the map.
    for (const auto& e : parts_->registry.take_all())
        parts_->messages.remove(held_entry::of(e));
}

void conversation_map::use(std::vector<executor*> executors) {
    parts_->context.executors = std::move(executors);
}

load_summary conversation_map::load() {
    loader loading(
        {parts_->context, parts_->registry, parts_->messages, parts_->timers, parts_->work}
    );
    auto summary = loading.load(*parts_->storage);
    parts_->committer.watch_place();
    if (auto* archived = storage::archive_of(*parts_->storage)) parts_->indexer.start(*archived);
    return summary;
}

void conversation_map::stop() {
    std::call_once(parts_->stopped, [this] {
        parts_->context.is_closed = true;
        parts_->timers.stop();
        parts_->work.stop();
        parts_->committer.stop();
        parts_->indexer.stop();
        parts_->context.background.stop();
    });
}

// --- operations

void conversation_map::mint(
    std::string mount,
    beginning start,
    std::string owner,
    stube::principal user,
    executor& on,
    on_reply done
) {
    auto& context = parts_->context;
    auto& registry = parts_->registry;
    auto& expiry = parts_->expiry;
    if (context.is_closed) return done({.result = status::store_down});
    if (registry.by_owner().is_full(owner, context.options.max_per_owner) || !expiry.reserve())
        return done({.result = status::overloaded});
    const bool is_restored = !std::holds_alternative<effect::call>(start);
    fork_of origin;
    outcome begun;
    conversation fresh;
    try {
        fresh = parts_->state_to_continue(start, origin, owner, user);
    } catch (...) {
        begun = {.verdict = verdict::failed, .error = current_exception_message()};
    }
    fresh.id = context.options.new_id();
    fresh.owner = std::move(owner);
    fresh.principal = std::move(user);
    fresh.mount = std::move(mount);
    auto e = std::make_shared<entry>();
    e->id = fresh.id;
    e->owner = fresh.owner;
    e->operations.try_hold();
    auto held = held_entry::of(e);
    // Before the hooks run, because the work that they start is not interrupted.
    if (is_restored) {
        if (auto lost = unfinished_work(fresh); !lost.empty())
            held.session().make_background().interrupted_work = std::move(lost);
    }
    change_action beginning{
        is_restored ? any_cause(cause::restored{std::move(origin)})
                    : any_cause(cause::visit{std::get<effect::call>(std::move(start))})
    };
    operation op;
    op.on = &on;
    op.done = [&registry, &expiry, e, done = std::move(done)](reply&& r) {
        expiry.arrived();
        if (r.result == status::ok) {
            registry.unused().add(e);
            expiry.add_to_owner(e);
        }
        done(std::move(r));
    };
    random_bits random(random_number);
    const auto env = context.environment(&random);
    if (begun.verdict == verdict::applied) begun = apply(fresh, beginning.cause, env);
    op.action = std::move(beginning);
    begun.next.unseen = begun.verdict == verdict::applied;
    held.session().value = std::make_shared<const conversation>();
    // The conversation is not in the registry before it is saved, so no other thread has its id.
    parts_->committer.commit(std::move(held), std::move(op), std::move(begun), env);
}

void conversation_map::open(std::string_view id, visitor from, executor& on, on_reply done) {
    catch_up(id, from, std::nullopt, on, std::move(done));
}

void conversation_map::catch_up(
    std::string_view id,
    visitor from,
    std::optional<std::uint64_t> seen,
    executor& on,
    on_reply done
) {
    operation op{.action = view_action{}, .on = &on, .done = std::move(done)};
    op.seen = seen;
    parts_->operations.submit(id, from, std::move(op));
}

void conversation_map::send(
    std::string_view id,
    visitor from,
    event received,
    executor& on,
    on_reply done,
    std::optional<std::uint64_t> seen
) {
    const bool keeps_notices = received.page.has_value();
    change_action change{cause::user_event{std::move(received), copy_of(from.user)}};
    change.keeps_notices = keeps_notices;
    operation op{.action = std::move(change), .on = &on, .done = std::move(done)};
    op.seen = seen;
    parts_->operations.submit(id, from, std::move(op));
}

void conversation_map::go_back(
    std::string_view id,
    visitor from,
    event_id event,
    std::optional<std::uint64_t> to,
    executor& on,
    on_reply done
) {
    operation op{
        .action = change_action{cause::navigation{event, to, copy_of(from.user)}},
        .on = &on,
        .done = std::move(done)
    };
    parts_->operations.submit(id, from, std::move(op));
}

void conversation_map::attach(
    std::string_view id,
    visitor from,
    std::optional<std::uint64_t> seen,
    std::shared_ptr<view_stream> stream,
    executor& on,
    on_reply done
) {
    operation op{.action = attach_action{std::move(stream)}, .on = &on, .done = std::move(done)};
    op.seen = seen;
    parts_->operations.submit(id, from, std::move(op));
}

void conversation_map::detach(std::string_view id, const view_stream* stream) {
    const auto e = parts_->registry.find(id);
    if (!e) return;
    e->streams.remove(stream);
    e->last_seen = parts_->context.clock.steady();
}

void conversation_map::swap_conv(
    std::string_view id,
    std::function<outcome(const conversation&)> change,
    executor& on,
    on_reply done
) {
    operation op{
        .action = change_action{cause::function{std::move(change)}},
        .on = &on,
        .done = std::move(done)
    };
    parts_->operations.submit(id, std::nullopt, std::move(op));
}

std::future<status> conversation_map::write_alias(std::string_view id, std::string alias) {
    storage::check_alias(alias);
    const auto other = parts_->history().find_alias(alias);
    auto result = std::make_shared<std::promise<status>>();
    auto future = result->get_future();
    const auto e = parts_->registry.find(id);
    if (!e || (other && *other != id)) {
        result->set_value(e ? status::failed : status::gone);
        return future;
    }
    operation op{
        .action = change_action{cause::naming{std::move(alias)}},
        .on = &parts_->context.executor_of(*e),
        .done = [result](reply&& r) { result->set_value(r.result); },
        .from = origin::message
    };
    parts_->operations.submit(id, std::nullopt, std::move(op));
    return future;
}

void conversation_map::publish(std::string_view topic, std::string_view message) {
    parts_->messages.publish(topic, message);
}

// --- upkeep

std::size_t conversation_map::fire_due() {
    return parts_->timers.fire_due();
}

std::size_t conversation_map::reap() {
    return parts_->expiry.reap();
}

std::size_t conversation_map::trim_history() {
    return parts_->retention.step();
}

bool conversation_map::keeps_archive() const {
    return storage::archive_of(*parts_->storage) != nullptr;
}

conversation_history conversation_map::history() const {
    return parts_->history();
}

conversation_history conversation_map::history(principal user) const {
    return parts_->history().seen_by(
        std::move(user),
        [&options = parts_->context.options](const access_request& wanted) {
            return is_allowed(options, wanted);
        }
    );
}

bool has_history(const context& around) {
    const auto* map = around.find_app<conversation_map>();
    return map && map->keeps_archive();
}

conversation_history history_of(const context& around) {
    return required_map(around).history(around.principal());
}

conversation_history whole_history_of(const context& around) {
    return required_map(around).history();
}

std::size_t conversation_map::size() const {
    return parts_->registry.size();
}

conversation_counts conversation_map::counts() const {
    const auto running = parts_->work.counts();
    const auto& totals = parts_->context.totals;
    return {
        .timers = parts_->timers.size(),
        .topics = parts_->messages.topic_count(),
        .work_running = running.running,
        .work_waiting = running.waiting,
        .timers_fired = totals.timers_fired,
        .messages_delivered = totals.messages_delivered,
        .messages_lost = totals.messages_lost,
        .work_done = totals.work_done,
        .work_failed = totals.work_failed,
        .work_refused = totals.work_refused,
        .rolled_back = totals.rolled_back,
        .expired = totals.expired,
        .evicted = totals.evicted,
        .trims_done = totals.trims_done,
        .trims_failed = totals.trims_failed,
        .failures_archived = totals.failures_archived,
        .failures_lost = totals.failures_lost,
        .index_behind = parts_->indexer.behind(),
    };
}

}  // namespace stube::live
