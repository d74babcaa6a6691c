#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// Asks for a payment. Answers if the payment is made, otherwise fails. The caller receives a
/// failure in a member of its own.
struct card_payment {
    static constexpr std::string_view component = "gallery/card_payment";

    int euros = 0;

    stube::answers<> pay() { return stube::answer(); }

    /// Fails with a message for the user and a reason for the log.
    stube::effects pay_with_blocked_card();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(card_payment, (), (euros, pay, pay_with_blocked_card))

/// Calls the payment and shows its outcome.
struct error_answer {
    static constexpr std::string_view component = "gallery/error_answer";

    std::string outcome;

    stube::effects check_out();
    void paid();
    void declined(const stube::failure& why);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(error_answer, (), (outcome, check_out, paid, declined))

}  // namespace gallery
