#pragma once

#include "store/archive_head.hpp"

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// The parts of the newest heads, in memory.
namespace stube::storage {

/// All parts of a conversation at a head.
class part_list {
public:
    std::size_t size() const { return parts_.size(); }

    /// Sorted by name.
    const std::vector<archived_part>& parts() const { return parts_; }

    /// Null if there is no such part.
    const archived_part* find(std::string_view name) const;

    /// A row with this content; 0 if none of the parts has it.
    std::int64_t row_of(const digest& content) const;

    void put(archived_part part);
    void erase(std::string_view name);

private:
    std::size_t position_of(std::string_view name) const;

    std::vector<archived_part> parts_;
    /// The first 8 bytes of each part's digest, in the order of the parts. A search reads 8 bytes
    /// for each part instead of 80.
    std::vector<std::uint64_t> keys_;
};

/// The newest head of a conversation.
struct newest_head {
    std::int64_t row = 0;
    std::uint64_t number = 0;
    digest sum = {};
    std::uint64_t changed = 0;  ///< part changes since the last whole list
    bool is_known = true;       ///< false if `parts` could not be read
    part_list parts;
    std::size_t counted_parts = 0;  ///< set by newest_heads
};

/// The newest heads of the conversations that were written last. Bounded.
class newest_heads {
public:
    /// Null if the cache does not have the head. The pointer is valid until the head is erased.
    newest_head* find(const std::string& id);

    /// Replaces the head of the conversation.
    newest_head& put(const std::string& id, newest_head head);

    void erase(const std::string& id);

    /// Called after the parts of a head have changed.
    void recount(newest_head& head);

    /// Erases the heads that were not used for the longest time, down to the limit.
    void trim();

private:
    struct item {
        std::string id;
        newest_head head;
    };

    void erase(std::list<item>::iterator at);

    std::list<item> items_;  ///< the head that was used last is the first
    std::unordered_map<std::string, std::list<item>::iterator> by_id_;
    std::size_t counted_parts_ = 0;  ///< the sum over all heads
};

}  // namespace stube::storage
