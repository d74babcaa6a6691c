#pragma once

#include <stube/stube.hpp>

#include <map>
#include <string>

namespace expenses {

using namespace stube;

enum class kind { travel, hotel, meals, taxi };
BOOST_DESCRIBE_ENUM(kind, travel, hotel, meals, taxi)

/// The application's object. It does not change after the start, so it needs no lock.
struct office {
    std::map<kind, int> limits;  ///< the highest amount of each kind, in euros

    /// Throws std::out_of_range for a kind without a limit.
    int limit_of(kind of) const;

    /// For demonstration only. A real application compares slow, salted hashes.
    bool is_pin_of(const std::string& name, const std::string& pin) const;
};

}  // namespace expenses
