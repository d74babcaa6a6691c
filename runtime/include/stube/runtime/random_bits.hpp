#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace stube {

/// The random numbers of one turn, as a uniform random bit generator for the distributions of the
/// standard library. Equal seeds give equal numbers: number n is a function of the seed and n
/// (SplitMix64). The archive records the seed of a turn that has used it, so a replay of the turn
/// draws the same numbers. Whoever reads the archive knows them: never use them for secrets.
/// Threads: one at a time.
class random_bits {
public:
    using result_type = std::uint64_t;
    using seed_source = std::uint64_t (*)();

    /// The seed is drawn with the first number. Turns without random numbers do not draw one.
    explicit random_bits(seed_source draw) : draw_(draw) {}

    explicit random_bits(std::uint64_t seed) : seed_(seed) {}

    static constexpr result_type min() { return 0; }

    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

    /// The next number. Throws what the source of the seed throws.
    result_type operator()() {
        if (!seed_) seed_ = draw_();
        constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
        std::uint64_t mixed = *seed_ + ++drawn_ * golden_ratio;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    /// The seed, if a number was drawn.
    std::optional<std::uint64_t> used_seed() const { return drawn_ > 0 ? seed_ : std::nullopt; }

private:
    seed_source draw_ = nullptr;
    std::optional<std::uint64_t> seed_;
    std::uint64_t drawn_ = 0;
};

}  // namespace stube
