#pragma once

#include "model.hpp"
#include "step.hpp"

#include <random>

namespace sequences {

/// A step that fits the model, or one that the product must refuse. Depends on nothing else, so a
/// seed repeats a sequence.
step random_step(std::mt19937_64& random, const model& now);

}  // namespace sequences
