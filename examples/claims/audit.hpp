#pragma once

#include <stube/stube.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace claims {

/// One line of an audit.
struct audit_line {
    stube::time_point at;
    std::uint64_t head = 0;
    std::string who;
    std::string action;   ///< such as "claims/claim submit"
    std::string entered;  ///< the arguments and fields
    bool is_abandoned = false;
};
BOOST_DESCRIBE_STRUCT(audit_line, (), (at, head, who, action, entered, is_abandoned))

/// The history of one conversation from the archive: the users, their actions and the times.
struct audit {
    static constexpr std::string_view component = "claims/audit";
    static constexpr bool archived = false;
    static constexpr std::string_view styles = R"(
        & table { font-size: .9375rem; }
        & :is(th, td) { padding-inline-end: .75rem; vertical-align: top; }
        & td { overflow-wrap: anywhere; }
        & td:nth-child(2) { min-width: 6.5rem; }
    )";

    std::string of;  ///< the id of a conversation, or an alias
    std::string number;
    std::vector<audit_line> lines;

    static audit from(const stube::request_info& request);

    std::string url() const { return of.empty() ? "/audit" : "/audit/" + stube::query_value(of); }

    void start(stube::context& around) { load(around); }

    void load(stube::context& around);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(audit, (), (of, number, lines, start, load))

}  // namespace claims
