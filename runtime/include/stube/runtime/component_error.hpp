#pragma once

#include <stdexcept>

namespace stube {

/// A component breaks a rule: it answers with another type than its `answer_type`, calls a member
/// that it does not have, or calls without end. The mistake is in the application's component. The
/// turn in which the mistake happened changes nothing.
class component_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

}  // namespace stube
