#pragma once

#include <stube/stube.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gallery {

struct dialog_answer {
    std::string dialog;
    std::string answer;
};
BOOST_DESCRIBE_STRUCT(dialog_answer, (), (dialog, answer))

/// The four stock dialogs, one after the other. Each is a call that answers the user's reply. A
/// cancelled prompt or choice answers std::nullopt.
struct dialogs {
    static constexpr std::string_view component = "gallery/dialogs";

    std::vector<dialog_answer> answers;

    stube::effects begin();
    stube::effects wanted(bool yes);
    stube::effects named(const std::optional<std::string>& name);
    stube::effects chosen(const std::optional<std::string>& drink);

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(dialogs, (), (answers, begin, wanted, named, chosen))

}  // namespace gallery
