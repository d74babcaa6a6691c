#include "runtime/live/removal_backoff.hpp"

#include "runtime/component/quote_for_log.hpp"
#include "runtime/live/backoff.hpp"

#include <algorithm>
#include <utility>

namespace stube::live {

namespace {

/// A smaller step of the system's clock may come from time synchronisation.
constexpr std::chrono::milliseconds least_clock_step = std::chrono::seconds(1);

/// From 10 to 640 seconds.
constexpr backoff refusal_backoff{std::chrono::seconds(10), 6};

}  // namespace

removal_backoff::removal_backoff(map_context& context)
    : context_(context), retry_at_(context.clock.began() + context.options.grace_after_start) {}

bool removal_backoff::may_remove() {
    const mutex_lock lock(mutex_);
    const auto now = context_.clock.steady();
    const auto shift = context_.clock.shift();
    const auto step = shift - std::exchange(clock_shift_, shift);
    if (std::chrono::abs(step) > least_clock_step) {
        const auto grace = context_.options.grace_after_start;
        retry_at_ = std::max(retry_at_, now + grace);
        context_.log().warn(
            "the system clock was set by_ms={}: nothing is deleted as idle for ms={}",
            step.count(),
            grace.count()
        );
    }
    return now >= retry_at_;
}

void removal_backoff::record(save_result saved, const std::string& why) {
    const mutex_lock lock(mutex_);
    if (saved == save_result::durable) refusals_ = 0;
    const auto now = context_.clock.steady();
    if (saved != save_result::refused || now < retry_at_) return;
    const auto delay = refusal_backoff.after_failure(refusals_);
    retry_at_ = now + delay;
    context_.log().error(
        "idle conversations could not be removed why={} retry_ms={}",
        quote_for_log(why),
        delay.count()
    );
}

}  // namespace stube::live
