#include "runtime/live/owners.hpp"

#include <algorithm>
#include <utility>

namespace stube::live {

namespace {

bool may_be_evicted(const entry& e) {
    return e.worth() < worth::kept;
}

}  // namespace

bool owners::is_full(const std::string& owner, std::size_t limit) const {
    const mutex_lock lock(mutex_);
    const auto found = by_owner_.find(owner);
    if (found == by_owner_.end() || found->second.size() < limit) return false;
    return std::ranges::none_of(found->second, [](const entry_ptr& e) {
        return may_be_evicted(*e);
    });
}

std::vector<entry_ptr> owners::add(const entry_ptr& e, std::size_t limit) {
    const mutex_lock lock(mutex_);
    auto& of_owner = by_owner_[e->owner];
    std::vector<entry_ptr> evicted;
    while (!of_owner.empty() && of_owner.size() >= limit) {
        const auto least = std::ranges::min_element(of_owner, {}, [](const entry_ptr& each) {
            return std::pair(each->worth(), each->last_seen.load());
        });
        if (!may_be_evicted(**least)) break;
        evicted.push_back(std::move(*least));
        of_owner.erase(least);
    }
    of_owner.push_back(e);
    return evicted;
}

void owners::count(const entry_ptr& e) {
    const mutex_lock lock(mutex_);
    if (e->state == condition::live) by_owner_[e->owner].push_back(e);
}

void owners::remove(const entry_ptr& e) {
    const mutex_lock lock(mutex_);
    const auto found = by_owner_.find(e->owner);
    if (found == by_owner_.end()) return;
    std::erase(found->second, e);
    if (found->second.empty()) by_owner_.erase(found);
}

}  // namespace stube::live
