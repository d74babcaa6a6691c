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

/// Each part is hashed with the hash of those before it as the seed.
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

/// A text in static storage is known by where it is. The same text elsewhere counts as another one,
/// which does no harm.
std::uintptr_t where(std::string_view text) {
    return reinterpret_cast<std::uintptr_t>(text.data());
}

/// Texts of varying length are told apart by it.
void add_sized(hasher& to, std::string_view text) {
    to.add(text.size());
    to.add(text);
}

// All members are named, so that one that is added later does not compile before it is hashed too.

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
    auto& [at, what, element, event, name, text, instance, above, modifiers, sent_by, in_form] =
        from;
    const bool is_modified = modifiers != nullptr;
    const auto kinds = static_cast<std::uint64_t>(what) << 32 |
                       static_cast<std::uint64_t>(sent_by) << 2 | std::uint64_t{in_form} << 1 |
                       std::uint64_t{is_modified};
    const std::array<std::uint64_t, 11> fixed{
        at,
        kinds,
        where(element),
        element.size(),
        where(event),
        event.size(),
        where(name),
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

std::uint64_t fingerprint(const markup& of) {
    hasher all;
    all.add(of.text());
    all.add(of.holes().size() << 1 | std::size_t{of.takes_id()});
    for (const auto& each : of.holes())
        add_hole(all, each);
    return all.hash();
}

}  // namespace stube
