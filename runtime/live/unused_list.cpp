#include "runtime/live/unused_list.hpp"

#include "runtime/live/entry.hpp"

namespace stube::live {

void unused_list::add(const entry_ptr& e) {
    const mutex_lock lock(mutex_);
    auto& place = e->unused_link.place_;
    if (!place) place = list_.insert(list_.end(), e);
}

void unused_list::remove(entry& e) {
    const mutex_lock lock(mutex_);
    auto& place = e.unused_link.place_;
    if (!place) return;
    list_.erase(*place);
    place.reset();
}

entry_ptr unused_list::take_oldest() {
    const mutex_lock lock(mutex_);
    if (list_.empty()) return nullptr;
    auto oldest = std::move(list_.front());
    list_.pop_front();
    oldest->unused_link.place_.reset();
    return oldest;
}

}  // namespace stube::live
