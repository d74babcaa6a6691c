#include "office.hpp"

#include <stdexcept>

namespace expenses {

int office::limit_of(kind of) const {
    const auto found = limits.find(of);
    if (found == limits.end()) throw std::out_of_range("a kind of expense has no limit");
    return found->second;
}

bool office::is_pin_of(const std::string& name, const std::string& pin) const {
    return name == "Grace" && pin == "1906";
}

}  // namespace expenses
