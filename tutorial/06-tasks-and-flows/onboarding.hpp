#pragma once

#include "team.hpp"

#include <stube/stube.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace standup {

using namespace stube;

struct ask_name {
    static constexpr std::string_view component = "standup/ask_name";
    using answer_type = std::string;

    field<std::string> name;

    answers<std::string> next();
    markup render() const;
};
BOOST_DESCRIBE_STRUCT(ask_name, (), (name, next))

/// Asks for the data of a new person, as a task.
struct onboarding {
    static constexpr std::string_view component = "standup/onboarding";
    using answer_type = person;

    person who;

    effects start();
    effects named(const std::string& name);
    effects chosen(const std::optional<std::string>& role);
    answers<person> confirmed(bool yes);
};
BOOST_DESCRIBE_STRUCT(onboarding, (), (who, start, named, chosen, confirmed))

/// The same questions, as a flow.
flow<person> onboarding_flow();

}  // namespace standup
