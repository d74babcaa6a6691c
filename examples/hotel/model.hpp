#pragma once

#include <stube/stube.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

/// The data of the hotel: plain structs, described so that components can keep them as state.
namespace hotel {

using date = std::chrono::year_month_day;

struct dates {
    date arrival;
    date departure;

    int nights() const;
};
BOOST_DESCRIBE_STRUCT(dates, (), (arrival, departure))

struct room {
    std::string name;
    std::string view;
    int price = 0;  ///< euros a night
};
BOOST_DESCRIBE_STRUCT(room, (), (name, view, price))

struct guest {
    std::string name;
    std::string email;
    int people = 2;
    bool breakfast = true;
};
BOOST_DESCRIBE_STRUCT(guest, (), (name, email, people, breakfast))

/// The user's input from all steps.
struct booking {
    dates stay;
    room choice;
    guest who;

    int total() const;  ///< euros
};
BOOST_DESCRIBE_STRUCT(booking, (), (stay, choice, who))

const std::vector<room>& rooms();

/// "Fri 4 Dec 2026"
std::string date_text(date d);

/// "3 nights", "1 night"
std::string nights_text(int nights);

std::string euros(int amount);

}  // namespace hotel
