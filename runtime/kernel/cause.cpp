#include <stube/runtime/cause.hpp>

namespace stube::kernel {

namespace {

/// Calls the kernel's function for each cause.
struct applier {
    const conversation& current;
    const environment& env;

    /// Applies a change with the user who causes it. The roles of the owner may have changed since
    /// the owner's last event.
    template <class Change>
    outcome as_user(const std::optional<principal>& by, Change change) const {
        if (!by) return change(current, env);
        environment theirs = env;
        theirs.by = &*by;
        if (by->name != current.principal.name || by->roles == current.principal.roles)
            return change(current, theirs);
        conversation now = current;
        now.principal.roles = by->roles;
        return change(now, theirs);
    }

    outcome operator()(const cause::visit& why) const { return begin(current, why.root, env); }

    outcome operator()(const cause::restored&) const { return resume(current, env); }

    outcome operator()(const cause::user_event& why) const {
        return as_user(why.by, [&](const conversation& now, const environment& theirs) {
            return dispatch(now, why.received, theirs);
        });
    }

    outcome operator()(const cause::navigation& why) const {
        return as_user(why.by, [&](const conversation& now, const environment& theirs) {
            return go_back(now, why.id, why.to, theirs);
        });
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

    outcome operator()(const cause::naming& why) const { return name(current, why.alias); }

    outcome operator()(const cause::function& why) const { return why.change(current); }
};

}  // namespace

outcome apply(const conversation& current, const any_cause& why, const environment& env) {
    return std::visit(applier{current, env}, why);
}

}  // namespace stube::kernel
