#include <stube/runtime/cause.hpp>

namespace stube::kernel {

namespace {

/// Calls the kernel's function for each cause.
struct applier {
    const conversation& current;
    const environment& env;

    outcome operator()(const cause::visit& why) const { return begin(current, why.root, env); }

    outcome operator()(const cause::restored&) const { return resume(current, env); }

    outcome operator()(const cause::user_event& why) const {
        return dispatch(current, why.received, env);
    }

    outcome operator()(const cause::navigation& why) const {
        return go_back(current, why.id, why.to, env);
    }

    outcome operator()(const cause::timers&) const { return fire_timers(current, env); }

    outcome operator()(const cause::message& why) const {
        return deliver(current, why.topic, why.arguments, env);
    }

    outcome operator()(const cause::work_result& why) const {
        return finish_work(current, why.number, why.value, env);
    }

    outcome operator()(const cause::work_failure& why) const {
        return why.why ? fail_work(current, why.number, *why.why, env)
                       : abandon_work(current, why.number, env);
    }

    outcome operator()(const cause::restart&) const { return wake(current, env); }

    outcome operator()(const cause::seen&) const { return mark_seen(current); }

    outcome operator()(const cause::removal& why) const { return expire(current, why.text); }

    outcome operator()(const cause::function& why) const { return why.change(current); }
};

}  // namespace

outcome apply(const conversation& current, const any_cause& why, const environment& env) {
    return std::visit(applier{current, env}, why);
}

}  // namespace stube::kernel
