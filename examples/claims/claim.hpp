#pragma once

#include <stube/stube.hpp>

#include <string>
#include <string_view>
#include <tuple>

/// Expense claims, which one user submits and another user approves.
namespace claims {

/// The role whose users decide about claims.
inline constexpr std::string_view approver = "approver";

/// The topic for the inboxes: a claim was submitted or decided.
inline constexpr std::string_view changes = "claims/changes";

enum class progress { draft, submitted, approved, refused };
BOOST_DESCRIBE_ENUM(progress, draft, submitted, approved, refused)

/// The data of a claim.
struct details {
    std::string number;  ///< also the alias of the conversation, if the store keeps an archive
    std::string purpose;
    int amount = 0;  ///< in euros
    std::string claimant;
};
BOOST_DESCRIBE_STRUCT(details, (), (number, purpose, amount, claimant))

/// An approver's answer.
struct verdict {
    bool is_approved = false;
    std::string by;
    std::string reason;
};
BOOST_DESCRIBE_STRUCT(verdict, (), (is_approved, by, reason))

/// Waits for an approver, and accepts nobody else's decision.
struct decision {
    static constexpr std::string_view component = "claims/decision";
    using answer_type = verdict;

    details about;
    stube::field<std::string> reason;

    stube::audience waits_for() const { return stube::audience::role(approver); }

    stube::answers<verdict> approve(stube::context& around);

    stube::answers<verdict> refuse(stube::context& around) {
        return decide(false, around.principal().name);
    }

    stube::answers<verdict> decide(bool is_approved, const std::string& by);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(decision, (), (about, reason, approve, refuse))

/// One claim, from the form to the verdict. Its conversation is opened by the claimant and, with
/// the rule of `add_claims`, by approvers.
struct claim {
    static constexpr std::string_view component = "claims/claim";

    details about;
    progress state = progress::draft;
    verdict result;
    std::string number;  ///< these three are those of `about`, for the query index
    std::string purpose;
    int amount = 0;
    stube::field<std::string> purpose_entered;
    stube::field<int> amount_entered;

    static constexpr std::tuple
        indexed{&claim::state, &claim::number, &claim::purpose, &claim::amount};

    /// An approver who opens a draft cannot fill it in.
    stube::audience waits_for() const { return stube::audience::owner(); }

    stube::effects submit(stube::context& around);

    stube::effects decided(const verdict& by_approver);

    stube::effects another() { return stube::become<claim>(); }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    claim,
    (),
    (about,
     state,
     result,
     number,
     purpose,
     amount,
     purpose_entered,
     amount_entered,
     submit,
     decided,
     another)
)

}  // namespace claims
