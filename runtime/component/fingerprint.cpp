#include "runtime/component/fingerprint.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <string_view>
#include <type_traits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stube {
namespace {

std::uint64_t draw_seed() {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
}

/// Hashes each part with the hash of the parts before it as the seed.
class hasher {
public:
    void add(std::string_view text) {
        hash_ = XXH3_64bits_withSeed(text.data(), text.size(), hash_);
    }

    template <class Value>
        requires std::has_unique_object_representations_v<Value>
    void add(const Value& value) {
        hash_ = XXH3_64bits_withSeed(&value, sizeof value, hash_);
    }

    std::uint64_t hash() const { return hash_; }

private:
    static std::uint64_t seed() {
        static const auto drawn = draw_seed();
        return drawn;
    }

    std::uint64_t hash_ = seed();
};

/// A text in static storage is identified by its address. The same text at another address counts
/// as a different one, which does no harm.
std::uintptr_t address_of(std::string_view text) {
    return reinterpret_cast<std::uintptr_t>(text.data());
}

/// Hashes the length as well, so that texts of varying length do not run together.
void add_sized(hasher& to, std::string_view text) {
    to.add(text.size());
    to.add(text);
}

// The structured bindings name all members, so that a new member does not compile before it is
// hashed.

void add_modifiers(hasher& to, const event_modifiers& from) {
    const auto& [debounce, throttle, once, prevent, stop, keys, question] = from;
    const int flags = once | prevent << 1 | stop << 2;
    const std::array<std::int64_t, 4>
        numbers{debounce.count(), throttle.count(), flags, static_cast<std::int64_t>(keys.size())};
    to.add(numbers);
    for (const auto& key : keys)
        add_sized(to, key);
    add_sized(to, question);
}

void add_hole(hasher& to, const hole& from) {
    auto& [offset, kind, element, event, name, text, instance, above, modifiers, sent_by, in_form] =
        from;
    const bool is_modified = modifiers != nullptr;
    const auto kinds = static_cast<std::uint64_t>(kind) << 32 |
                       static_cast<std::uint64_t>(sent_by) << 2 | std::uint64_t{in_form} << 1 |
                       std::uint64_t{is_modified};
    const std::array<std::uint64_t, 11> fixed{
        offset,
        kinds,
        address_of(element),
        element.size(),
        address_of(event),
        event.size(),
        address_of(name),
        name.size(),
        instance,
        reinterpret_cast<std::uintptr_t>(above),
        text.size()
    };
    to.add(fixed);
    if (!text.empty()) to.add(std::string_view(text));
    if (is_modified) add_modifiers(to, *modifiers);
}

}  // namespace

std::uint64_t fingerprint(const markup& content) {
    hasher out;
    out.add(content.text());
    out.add(content.holes().size() << 1 | std::size_t{content.takes_id()});
    for (const auto& h : content.holes())
        add_hole(out, h);
    return out.hash();
}

}  // namespace stube
