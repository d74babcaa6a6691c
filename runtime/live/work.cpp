#include "runtime/live/work.hpp"

#include "runtime/component/quote_for_log.hpp"

#include <stube/runtime/deliveries.hpp>

#include <utility>

namespace stube::live {

using namespace kernel;

namespace {

any_cause cause_of(const work_result& result) {
    if (result.is_abandoned) return cause::work_failure{result.number, std::nullopt};
    if (result.error) return cause::work_failure{result.number, result.error};
    return cause::work_result{result.number, result.value};
}

}  // namespace

work_result interrupted_work(const std::string& id, std::uint64_t number) {
    return {.id = id, .number = number, .error = failure{was_interrupted}};
}

work::work(map_context& context, registry& conversations, dispatcher& to)
    : context_(context),
      registry_(conversations),
      dispatcher_(to),
      pool_(context.options.work_threads, context.options.max_work) {}

void work::begin(const entry& e, command::work wanted) {
    if (context_.is_closed) return;  // the next start reports it as interrupted
    work_pool::job job;
    job.run = std::move(wanted.run);
    job.done = [this, id = e.id, number = wanted.number](work_pool::result&& done) {
        deliver_finished(id, number, std::move(done));
    };
    if (pool_.submit(std::move(job))) return;
    const auto refused = ++context_.totals.work_refused;
    if (refused % 1000 == 1)
        context_.log().warn("work refused count={} why=\"too much waits\"", refused);
    deliver(
        {.id = e.id,
         .number = wanted.number,
         .error = failure{"This is not possible at the moment."}}
    );
}

void work::deliver_finished(const std::string& id, std::uint64_t number, work_pool::result&& done) {
    ++(done.error ? context_.totals.work_failed : context_.totals.work_done);
    work_result result{.id = id, .number = number, .value = std::move(done.value)};
    result.is_awaited = true;
    if (done.error) {
        context_.log().error(
            "work failed conversation={} number={} why={}",
            id,
            number,
            quote_for_log(*done.error)
        );
        result.error = failure{not_completed};
    }
    deliver(std::move(result));
}

void work::deliver(work_result result) {
    const auto e = registry_.find(result.id);
    if (!e) return;
    const bool is_awaited = result.is_awaited;
    if (is_awaited) results_.begin();
    const auto shared = std::make_shared<const work_result>(std::move(result));
    const auto queued = dispatcher_.enqueue(e, delivery(shared));
    if (queued == dispatcher::queued::first) dispatcher_.drain({e});
    if (queued == dispatcher::queued::dropped && is_awaited) results_.end();
}

operation work::delivery(const result_ptr& result) {
    auto done = [this, result](reply&& r) {
        if (r.result == status::not_saved) deliver_later(result);
        if (r.result == status::failed) fail_instead(*result);
        if (result->is_awaited) results_.end();
    };
    return {
        .action = change_action{cause_of(*result)},
        .done = std::move(done),
        .from = origin::work
    };
}

/// Called by `done`, while the operation holds the conversation.
void work::deliver_later(const result_ptr& result) {
    auto e = registry_.find(result->id);
    if (!e) return;
    auto copy = *result;
    copy.is_awaited = false;
    auto retry = delivery(std::make_shared<const work_result>(std::move(copy)));
    retry.on = &context_.executor_of(*e);
    const auto held = held_entry::of(std::move(e));
    held.session().make_background().retries.push_back(std::move(retry));
}

/// Delivers a failure in place of a result that could not be shown or stored. If the failure fails
/// too, only the page shows it. Without this, the component would wait forever.
void work::fail_instead(const work_result& result) {
    if (result.is_abandoned) return;
    work_result next{.id = result.id, .number = result.number, .error = failure{not_completed}};
    next.is_awaited = result.is_awaited;
    next.is_abandoned = result.error.has_value();
    deliver(std::move(next));
}

void work::stop() {
    const auto latest = std::chrono::steady_clock::now() + context_.options.work_timeout;
    const auto left = pool_.stop(context_.options.work_timeout);
    auto& log = context_.log();
    if (left.dropped > 0) log.warn("work dropped count={}", left.dropped);
    if (left.abandoned > 0)
        log.error("work abandoned count={} why=\"still running\"", left.abandoned);
    if (!results_.wait(latest)) log.error("results of work could not be delivered");
}

}  // namespace stube::live
