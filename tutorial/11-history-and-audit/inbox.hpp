#pragma once

#include "claim.hpp"

#include <stube/runtime/conversation_query.hpp>
#include <stube/stube.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace expenses {

/// One line of an inbox.
struct waiting_claim {
    std::string number;
    std::string claimant;
    std::string purpose;
    int amount = 0;
};
BOOST_DESCRIBE_STRUCT(waiting_claim, (), (number, claimant, purpose, amount))

/// The claims that wait for the user, with the changes of all others.
struct inbox {
    static constexpr std::string_view component = "expenses/inbox";
    static constexpr bool archived = false;  // a view: its own history is of no interest
    static constexpr std::size_t lines_per_page = 10;

    std::vector<waiting_claim> lines;
    std::size_t count = 0;      ///< of all pages
    std::int64_t approved = 0;  ///< the sum of all approved claims in euros, for approvers
    std::size_t page = 0;
    bool has_more = false;
    bool is_large_only = false;
    bool is_by_amount = false;

    effects start(context& around);
    void wakeup(context& around) { load(around); }

    void filter(context& around, bool large_only);
    void sort(context& around, bool by_amount);
    void turn(context& around, std::size_t to);
    /// A claim has changed, or may have changed just before the start.
    effects changed();

    void load(context& around);

    live::component_query<claim> query_for(const principal& user) const;
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(
    inbox,
    (),
    (lines,
     count,
     approved,
     page,
     has_more,
     is_large_only,
     is_by_amount,
     start,
     wakeup,
     filter,
     sort,
     turn,
     changed,
     load)
)

}  // namespace expenses
