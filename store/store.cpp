#include "store/utf8.hpp"

#include <stube/store/store.hpp>

#include <algorithm>
#include <limits>

namespace stube {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::uint64_t highest_revision = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_id_character(char c) {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

bool is_name_character(char c) {
    return is_digit(c) || is_lower(c) || c == '_';
}

void check_named_once(const change& one) {
    std::vector<std::string_view> names;
    names.reserve(one.written.size() + one.dropped.size());
    for (const part& each : one.written)
        names.push_back(each.name);
    names.insert(names.end(), one.dropped.begin(), one.dropped.end());
    std::sort(names.begin(), names.end());
    auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
        throw std::invalid_argument(
            "conversation " + one.id + ": part \"" + std::string(*twice) + "\" is named twice"
        );
}

}  // namespace

void check_id(std::string_view id) {
    // The text is not repeated: it may come from anywhere and be of any length.
    if (id.empty() || id.size() > longest_name ||
        !std::all_of(id.begin(), id.end(), is_id_character))
        throw std::invalid_argument("a conversation id is 1 to 64 characters of [A-Za-z0-9_-]");
}

void check_part_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name ||
        !std::all_of(name.begin(), name.end(), is_name_character))
        throw std::invalid_argument("the name of a part is 1 to 64 characters of [a-z0-9_]");
}

void check_change(const change& one) {
    check_id(one.id);
    if (one.revision > highest_revision)
        throw std::invalid_argument("conversation " + one.id + ": the revision is above 2^63 - 1");
    for (const part& each : one.written) {
        check_part_name(each.name);
        if (!is_utf8(each.body))
            throw std::invalid_argument(
                "conversation " + one.id + ": part \"" + each.name + "\" is not UTF-8"
            );
    }
    for (const std::string& name : one.dropped) {
        check_part_name(name);
        if (name == "head")
            throw std::invalid_argument("conversation " + one.id + ": the head cannot be dropped");
    }
    check_named_once(one);
}

void check_batch(std::span<const change> batch) {
    std::vector<std::string_view> ids;
    ids.reserve(batch.size());
    for (const change& one : batch) {
        try {
            check_change(one);
        } catch (const std::invalid_argument& broken) {
            throw store_refused(broken.what());
        }
        ids.push_back(one.id);
    }
    std::sort(ids.begin(), ids.end());
    auto twice = std::adjacent_find(ids.begin(), ids.end());
    if (twice != ids.end())
        throw store_refused(
            "conversation " + std::string(*twice) + " is changed twice in one batch"
        );
}

void check_follows(const change& one, const std::uint64_t* stored) {
    if (one.what == change::kind::remove) return;
    if (one.what == change::kind::create) {
        if (stored) throw store_conflict("conversation " + one.id + " is stored already");
        return;
    }
    if (!stored) throw store_conflict("conversation " + one.id + " is not stored");
    if (one.revision <= *stored)
        throw store_conflict(
            "conversation " + one.id + " is stored with revision " + std::to_string(*stored) +
            ", not below " + std::to_string(one.revision)
        );
}

}  // namespace stube
