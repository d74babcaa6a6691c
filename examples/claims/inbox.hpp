#pragma once

#include "claim.hpp"

#include <stube/stube.hpp>

#include <string>
#include <vector>

namespace claims {

/// The order of an inbox.
enum class inbox_order { longest_waiting, newest, highest_amount };
BOOST_DESCRIBE_ENUM(inbox_order, longest_waiting, newest, highest_amount)

/// One line of an inbox.
struct waiting_claim {
    std::string conversation;
    std::string number;
    std::string claimant;
    std::string purpose;
    int amount = 0;
    stube::time_point since;
};
BOOST_DESCRIBE_STRUCT(waiting_claim, (), (conversation, number, claimant, purpose, amount, since))

/// The claims that wait for the user, found through the query index of the archive. The page
/// follows the changes of all claims.
struct inbox {
    static constexpr std::string_view component = "claims/inbox";
    static constexpr bool archived = false;  // a view, whose history is of no interest
    static constexpr std::size_t lines_per_page = 20;
    static constexpr std::string_view styles = R"(
        & [role=status] { margin: 1.5rem 0 .5rem; }
        & :is(td:first-child, td:nth-child(5)) { white-space: nowrap; }
        & .number { text-align: end; white-space: nowrap; }
        & :is(th, td) { padding-inline-end: .75rem; }
    )";

    std::vector<waiting_claim> lines;
    std::size_t count = 0;  ///< of all pages; 1,000 means at least so many
    std::size_t page = 0;
    bool has_more = false;
    bool is_archived = true;  ///< false: the store keeps no archive, so nothing can be found
    inbox_order order = inbox_order::longest_waiting;
    stube::field<std::string> words;

    stube::effects start(stube::context& around);
    void wakeup(stube::context& around) { load(around); }

    void search(stube::context& around);
    void sort(stube::context& around, inbox_order by);
    void turn(stube::context& around, std::size_t to);

    /// A claim has changed, or may have changed just before the start. The index follows within a
    /// second.
    stube::effects changed();
    void refresh(stube::context& around) { load(around); }

    void load(stube::context& around);

    stube::markup render(const stube::context& around) const;
};
BOOST_DESCRIBE_STRUCT(
    inbox,
    (),
    (lines,
     count,
     page,
     has_more,
     is_archived,
     order,
     words,
     start,
     wakeup,
     search,
     sort,
     turn,
     changed,
     refresh)
)

}  // namespace claims
