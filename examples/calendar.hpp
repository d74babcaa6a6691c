#pragma once

#include <stube/stube.hpp>

#include <chrono>
#include <optional>

namespace gallery {

/// A month to choose a day from. Answers the day, or std::nullopt if the user cancels.
struct calendar {
    static constexpr std::string_view component = "gallery/calendar";
    static constexpr std::string_view styles = R"(
        & > header { display: flex; align-items: center; justify-content: space-between; gap: 1rem;
            margin-bottom: 1rem; }
        & > header > h1 { margin: 0; font-size: 1.25rem; }
        & table { table-layout: fixed; }
        & abbr { text-decoration: none; }
        & :is(th, td) { padding: .125rem; border: 0; text-align: center; }
        & td > button { width: 100%; padding: 0; border-color: transparent; font-weight: 400; }
        & td > button[aria-current] { border-color: var(--edge); }
        & td > button[aria-pressed=true] { background: var(--accent); color: var(--on-accent); }
    )";
    using date = std::chrono::year_month_day;
    using answer_type = std::optional<date>;

    date chosen;
    date first;  ///< the first day of the month that is shown
    date today;

    void start(stube::context& around);
    void previous();
    void next();
    stube::answers<answer_type> choose(int day);
    stube::answers<answer_type> cancel();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(calendar, (), (chosen, first, today, start, previous, next, choose, cancel))

/// Calls a calendar and shows its answer.
struct appointment {
    static constexpr std::string_view component = "gallery/appointment";

    calendar::date day;

    stube::effects change();
    void changed(std::optional<calendar::date> to);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(appointment, (), (day, change, changed))

}  // namespace gallery
