#include "runtime/live/map_impl.hpp"

#include <stube/runtime/deliveries.hpp>

#include <utility>

namespace stube::live {

using namespace kernel;

void conversation_map::impl::mint(
    std::string mount,
    beginning with,
    std::string owner,
    std::string principal,
    executor& on,
    on_reply done
) {
    if (closed_) return done({.what = status::store_down});
    if (owners_.is_full(owner, options_.max_per_owner) || !make_room_for_one())
        return done({.what = status::overloaded});
    auto* restored = std::get_if<conversation>(&with);
    conversation fresh = restored ? std::move(*restored) : conversation();
    fresh.id = options_.new_id();
    fresh.owner = std::move(owner);
    fresh.principal = std::move(principal);
    fresh.mount = std::move(mount);
    auto e = std::make_shared<entry>();
    // Not what the hooks ask for when it goes on: that is only about to begin.
    if (restored) e->lost_work = unfinished_work(fresh);
    e->id = fresh.id;
    e->owner = fresh.owner;
    e->busy = true;
    operation op;
    op.on = &on;
    op.done = [this, e, done = std::move(done)](reply&& r) {
        --arriving_;
        if (r.what == status::ok) {
            unused_.add(e);
            for (const auto& least : owners_.add(e, options_.max_per_owner))
                make_room_for_owner(least);
        }
        done(std::move(r));
    };
    auto begun = restored ? resume(std::move(fresh), world())
                          : begin(std::move(fresh), std::get<effect::call>(with), world());
    begun.next.unseen = begun.verdict == verdict::applied;
    e->value = std::make_shared<const conversation>();
    ++arriving_;
    // Not in the map before it is saved: nobody else knows the id yet.
    commit(e, std::move(op), std::move(begun));
}

}  // namespace stube::live
