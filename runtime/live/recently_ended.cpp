#include "runtime/live/recently_ended.hpp"

#include <cstddef>
#include <utility>

namespace stube::live {

void recently_ended::add(const std::string& id, ended_conversation ended) {
    constexpr std::size_t max_kept = 10'000;
    constexpr std::size_t max_updates = 1'000;
    const mutex_lock lock(mutex_);
    if (!by_id_.emplace(id, std::move(ended)).second) return;
    order_.push_back(id);
    if (order_.size() > max_updates)
        by_id_.at(order_[order_.size() - 1 - max_updates]).last = nullptr;
    if (order_.size() > max_kept) {
        by_id_.erase(order_.front());
        order_.pop_front();
    }
}

std::optional<ended_conversation> recently_ended::find(std::string_view id) const {
    const mutex_lock lock(mutex_);
    const auto found = by_id_.find(std::string(id));
    if (found == by_id_.end()) return std::nullopt;
    return found->second;
}

}  // namespace stube::live
