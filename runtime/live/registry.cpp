#include "runtime/live/registry.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace stube::live {

entry_ptr registry::find(std::string_view id) const {
    const auto& s = shard_of(id);
    const mutex_lock lock(s.guard);
    const auto found = s.entries.find(id);
    return found == s.entries.end() ? nullptr : found->second;
}

void registry::add(const entry_ptr& e) {
    {
        auto& s = shard_of(e->id);
        const mutex_lock lock(s.guard);
        s.entries.emplace(e->id, e);
    }
    ++size_;
}

bool registry::remove(const held_entry& held, std::shared_ptr<const update> last) {
    const auto& e = held.pointer();
    {
        auto& s = shard_of(e->id);
        const mutex_lock lock(s.guard);
        if (e->state.exchange(condition::over) == condition::over) return false;
        e->streams.clear();
        // Crawlers cause many unused conversations. Their ends would push out the other ends.
        if (e->is_used()) remember_end(held, std::move(last));
        s.entries.erase(e->id);
    }
    owners_.remove(e);
    unused_.remove(*e);
    --size_;
    return true;
}

void registry::remember_end(const held_entry& held, std::shared_ptr<const update> last) {
    ended_conversation ended;
    ended.owner = held->owner;
    ended.mount = held->mount;
    ended.last = std::move(last);
    if (held.session().value) {
        ended.mount = held.value().mount;
        ended.revision = held.value().revision;
        ended.applied = held.value().applied;
    }
    ended_.add(held->id, std::move(ended));
}

reply registry::refusal(const entry& e) const {
    switch (e.state.load()) {
    case condition::live:
        break;
    case condition::lost:
        return {.result = status::lost, .mount = e.mount};
    case condition::unusable:
        return {.result = status::unusable};
    case condition::other_release:
        return {.result = status::other_release};
    case condition::over:
        return refusal(e.id, {});
    }
    return {};
}

reply registry::refusal(std::string_view id, std::optional<std::string_view> owner) const {
    auto ended = ended_.find(id);
    if (!ended || (owner && ended->owner != *owner)) return {.result = status::gone};
    auto value = std::make_shared<conversation>();
    value->id = id;
    value->owner = std::move(ended->owner);
    value->mount = std::move(ended->mount);
    value->revision = ended->revision;
    value->applied = std::move(ended->applied);
    return {
        .result = status::just_ended,
        .value = std::move(value),
        .news = std::move(ended->last)
    };
}

std::vector<entry_ptr> registry::find_all(const std::function<bool(const entry_ptr&)>& wanted
) const {
    std::vector<entry_ptr> found;
    for (const auto& s : shards_) {
        const mutex_lock lock(s.guard);
        std::ranges::copy_if(std::views::values(s.entries), std::back_inserter(found), wanted);
    }
    return found;
}

std::vector<entry_ptr> registry::take_all() {
    std::vector<entry_ptr> taken;
    for (auto& s : shards_) {
        const mutex_lock lock(s.guard);
        std::ranges::copy(std::views::values(s.entries), std::back_inserter(taken));
        s.entries.clear();
    }
    for (const auto& e : taken) {
        owners_.remove(e);
        unused_.remove(*e);
    }
    return taken;
}

}  // namespace stube::live
