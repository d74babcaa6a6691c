#pragma once

#include "office.hpp"

#include <stube/runtime/conversation_history.hpp>
#include <stube/stube.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace expenses {

/// The history of one claim: who did what, and what was shown.
struct audit {
    static constexpr std::string_view component = "expenses/audit";
    static constexpr bool archived = false;

    std::string of;  ///< the id or the number of a claim
    std::vector<live::audit_event> events;
    std::vector<live::branch> branches;
    std::string shown;  ///< the page after the chosen event, as HTML

    static audit from(const request_info& request);

    void start(context& around);
    void show(context& around, std::uint64_t head);
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(audit, (), (of, events, branches, shown, start, show))

}  // namespace expenses
