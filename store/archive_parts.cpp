#include "store/archive_parts.hpp"

#include <algorithm>
#include <cstring>

namespace stube::storage {
namespace {

/// About 100 bytes each.
constexpr std::size_t most_cached_parts = std::size_t{1} << 16;

/// A head costs the memory of a few parts beside its parts.
constexpr std::size_t parts_of_a_head = 4;

std::uint64_t key_of(const digest& content) {
    std::uint64_t key = 0;
    std::memcpy(&key, content.data(), sizeof key);
    return key;
}

}  // namespace

std::size_t part_list::position_of(std::string_view name) const {
    const auto found = std::ranges::lower_bound(parts_, name, {}, &archived_part::name);
    return static_cast<std::size_t>(found - parts_.begin());
}

const archived_part* part_list::find(std::string_view name) const {
    const std::size_t at = position_of(name);
    return at < parts_.size() && parts_[at].name == name ? &parts_[at] : nullptr;
}

std::int64_t part_list::row_of(const digest& content) const {
    const std::uint64_t key = key_of(content);
    for (auto found = std::ranges::find(keys_, key); found != keys_.end();
         found = std::find(found + 1, keys_.end(), key)) {
        const archived_part& part = parts_[static_cast<std::size_t>(found - keys_.begin())];
        if (part.content == content) return part.row;
    }
    return 0;
}

void part_list::put(archived_part part) {
    const std::size_t at = position_of(part.name);
    const auto offset = static_cast<std::ptrdiff_t>(at);
    const std::uint64_t key = key_of(part.content);
    if (at < parts_.size() && parts_[at].name == part.name) {
        keys_[at] = key;
        parts_[at] = std::move(part);
    } else {
        keys_.insert(keys_.begin() + offset, key);
        parts_.insert(parts_.begin() + offset, std::move(part));
    }
}

void part_list::erase(std::string_view name) {
    const std::size_t at = position_of(name);
    if (at == parts_.size() || parts_[at].name != name) return;
    keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(at));
    parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(at));
}

newest_head* newest_heads::find(const std::string& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &found->second->head;
}

newest_head& newest_heads::put(const std::string& id, newest_head head) {
    erase(id);
    items_.push_front({id, std::move(head)});
    try {
        by_id_.emplace(id, items_.begin());
    } catch (...) {
        items_.pop_front();
        throw;
    }
    newest_head& added = items_.front().head;
    added.counted_parts = 0;
    recount(added);
    return added;
}

void newest_heads::erase(const std::string& id) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) erase(found->second);
}

void newest_heads::erase(std::list<item>::iterator at) {
    counted_parts_ -= at->head.counted_parts;
    by_id_.erase(at->id);
    items_.erase(at);
}

void newest_heads::recount(newest_head& head) {
    counted_parts_ -= head.counted_parts;
    head.counted_parts = head.parts.size() + parts_of_a_head;
    counted_parts_ += head.counted_parts;
}

void newest_heads::trim() {
    while (counted_parts_ > most_cached_parts)
        erase(std::prev(items_.end()));
}

}  // namespace stube::storage
