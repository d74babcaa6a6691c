#include "store/utf8.hpp"

#include <stube/store/store.hpp>

#include <algorithm>
#include <limits>

namespace stube::storage {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_alias = 200;
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

/// A name that occurs twice; an empty text if all differ.
std::string_view repeated(std::vector<std::string_view> names) {
    std::ranges::sort(names);
    const auto found = std::ranges::adjacent_find(names);
    return found == names.end() ? std::string_view() : *found;
}

/// The texts of a list of parts: names, none twice, and bodies.
void check_parts(
    const std::string& id,
    const std::vector<part>& written,
    const std::vector<std::string>& dropped
) {
    std::vector<std::string_view> names;
    names.reserve(written.size() + dropped.size());
    for (const auto& part : written) {
        check_part_name(part.name);
        if (!storage::is_utf8(part.body))
            throw std::invalid_argument(
                "conversation " + id + ": part \"" + part.name + "\" is not UTF-8"
            );
        names.push_back(part.name);
    }
    for (const auto& name : dropped) {
        check_part_name(name);
        if (name == "head")
            throw std::invalid_argument("conversation " + id + ": the head cannot be dropped");
        names.push_back(name);
    }
    const auto name = repeated(std::move(names));
    if (!name.empty())
        throw std::invalid_argument(
            "conversation " + id + ": part \"" + std::string(name) + "\" is named twice"
        );
}

/// In UTF-8: the bytes 0 to 31 and 127, and the two bytes C2 80 to C2 9F.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

void check_commit(const std::string& id, const archived_commit& commit) {
    check_parts(id, commit.written, commit.dropped);
    if (!storage::is_utf8(commit.event) || !storage::is_utf8(commit.about))
        throw std::invalid_argument("conversation " + id + ": the commit is not UTF-8");
    if (commit.parent > highest_revision ||
        (commit.origin && commit.origin->head > highest_revision))
        throw std::invalid_argument("conversation " + id + ": a head is above 2^63 - 1");
    if (commit.origin) check_id(commit.origin->id);
    for (const auto& alias : commit.aliases)
        check_alias(alias);
}

}  // namespace

archive* archive_of(store& from) {
    auto* found = dynamic_cast<archive*>(&from);
    return found && found->keeps_archive() ? found : nullptr;
}

void check_id(std::string_view id) {
    // The message does not quote the id, which may have any content and any length.
    if (id.empty() || id.size() > longest_name || !std::ranges::all_of(id, is_id_character))
        throw std::invalid_argument("a conversation id is 1 to 64 characters of [A-Za-z0-9_-]");
}

void check_part_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name || !std::ranges::all_of(name, is_name_character))
        throw std::invalid_argument("the name of a part is 1 to 64 characters of [a-z0-9_]");
}

void check_alias(std::string_view name) {
    if (name.empty() || name.size() > longest_alias || !is_utf8(name) ||
        has_control_character(name))
        throw std::invalid_argument("an alias is 1 to 200 bytes of UTF-8 without control characters"
        );
}

void check_change(const change& change) {
    check_id(change.id);
    if (change.revision > highest_revision)
        throw std::invalid_argument(
            "conversation " + change.id + ": the revision is above 2^63 - 1"
        );
    check_parts(change.id, change.written, change.dropped);
    if (change.commit) check_commit(change.id, *change.commit);
}

void check_failure(const archived_failure& failed) {
    check_id(failed.id);
    if (failed.after_head > highest_revision)
        throw std::invalid_argument("conversation " + failed.id + ": a head is above 2^63 - 1");
    if (!is_utf8(failed.event) || !is_utf8(failed.why))
        throw std::invalid_argument("conversation " + failed.id + ": the failure is not UTF-8");
    if (failed.event.size() + failed.why.size() > longest_failure)
        throw std::invalid_argument("conversation " + failed.id + ": the failure is too long");
}

void check_batch(std::span<const change> batch) {
    std::vector<std::string_view> ids;
    ids.reserve(batch.size());
    for (const auto& change : batch) {
        try {
            check_change(change);
        } catch (const std::invalid_argument& invalid) {
            throw store_refused(invalid.what());
        }
        ids.push_back(change.id);
    }
    const auto id = repeated(std::move(ids));
    if (!id.empty())
        throw store_refused("conversation " + std::string(id) + " is changed twice in one batch");
}

void check_follows(const change& change, const std::uint64_t* stored) {
    switch (change.kind) {
    case change_kind::remove:
    case change_kind::trim:
        return;
    case change_kind::create:
        if (stored) throw store_conflict("conversation " + change.id + " is stored already");
        return;
    case change_kind::replace:
    case change_kind::update:
        break;
    }
    if (!stored) throw store_conflict("conversation " + change.id + " is not stored");
    if (change.revision <= *stored)
        throw store_conflict(
            "conversation " + change.id + " is stored with revision " + std::to_string(*stored) +
            ", not below " + std::to_string(change.revision)
        );
}

}  // namespace stube::storage
