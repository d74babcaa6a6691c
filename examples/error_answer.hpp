#pragma once

#include <stube/stube.hpp>

#include <string>

namespace gallery {

/// Asks for a payment. Answers when it is made; when it cannot be made, that is no answer but a
/// failure, which the caller has a member of its own for.
struct card_payment {
    static constexpr std::string_view component = "gallery/card_payment";

    int euros = 0;

    stube::answers<> pay() { return stube::answer(); }

    /// The message is for users; what went wrong inside is for the log.
    stube::effects pay_with_blocked_card();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(card_payment, (), (euros, pay, pay_with_blocked_card))

/// Pays, and says what came of it.
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
