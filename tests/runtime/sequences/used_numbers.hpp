#pragma once

#include <stube/runtime/conversation.hpp>

#include <cstdint>
#include <set>
#include <string>

namespace sequences {

/// The numbers that a conversation has ever used for heads, instances and steps, on all of its
/// branches. Does not depend on the model.
class used_numbers {
public:
    /// Adds the numbers of the present value and of the steps that it can reach. Returns the number
    /// that was used before for something else, as text; empty if there is none.
    std::string add(const stube::conversation& value);

private:
    /// Numbers of one kind. A new one must be above all others.
    struct numbers {
        std::set<std::uint64_t> all;

        bool add(const std::set<std::uint64_t>& present);
    };

    std::uint64_t revision_ = 0;
    numbers instances_;
    numbers steps_;
};

}  // namespace sequences
