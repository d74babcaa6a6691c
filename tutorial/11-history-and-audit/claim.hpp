#pragma once

#include "office.hpp"

#include <stube/stube.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>

namespace expenses {

/// The topic for inboxes: a claim was submitted or decided.
inline constexpr std::string_view changes = "expenses/changes";

enum class progress { draft, submitted, approved, refused };
BOOST_DESCRIBE_ENUM(progress, draft, submitted, approved, refused)

/// An approver's answer.
struct verdict {
    bool is_approved = false;
    std::string by;
    std::string reason;
};
BOOST_DESCRIBE_STRUCT(verdict, (), (is_approved, by, reason))

/// Waits for an approver, and accepts nobody else's decision.
struct decision {
    static constexpr std::string_view component = "expenses/decision";
    using answer_type = verdict;

    std::string about;
    field<std::string> reason;
    field<transient<std::string>> pin;

    audience waits_for() const { return audience::role("approver"); }

    answers<verdict> approve(context& around);
    answers<verdict> refuse(context& around);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(decision, (), (about, reason, pin, approve, refuse))

/// One claim, from the form to the verdict.
struct claim {
    static constexpr std::string_view component = "expenses/claim";
    static constexpr std::chrono::days keep_history{3650};

    std::string number;  ///< such as "claim-471100", from the submission on
    progress state = progress::draft;
    verdict result;
    field<std::string> purpose;
    field<kind> what;
    field<int> amount;  ///< in euros

    static constexpr std::tuple
        indexed{&claim::number, &claim::state, &claim::purpose, &claim::amount};

    audience waits_for() const { return audience::owner(); }

    effects review(context& around);
    effects submit(context& around, bool is_right);
    effects decided(const verdict& by_approver);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    claim,
    (),
    (number, state, result, purpose, what, amount, review, submit, decided)
)

}  // namespace expenses
